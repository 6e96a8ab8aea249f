import { CommandFailure } from './command-failure.ts'
import type { ExportFault } from './export-fault.ts'

/** Why nothing is done with an export that no verifier would pass. */
export function unsoundExport(path: string, faults: readonly ExportFault[]): CommandFailure {
  const files = new Set(faults.map((fault) => fault.path)).size
  const message = `${path} is not what was published: ${files} ${files === 1 ? 'file differs' : 'files differ'}`
  return new CommandFailure('integrity', message, 'do not use it: get it again, or ask who gave it to you')
}
