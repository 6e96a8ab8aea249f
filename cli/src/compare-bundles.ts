import { byteOrder } from '@stella/core'

import { CommandFailure } from './command-failure.ts'

/** A file of two bundles, and whether it has the same bytes in both. */
export interface FileComparison {
  readonly path: string
  readonly equal: boolean
}

const SIGNATURES = 'signatures/'

/**
 * Compares every file of two bundles but those under `signatures/`, by size and SHA-256; sorted by path.
 * @throws CommandFailure `integrity` where the container of one is not sound, or where it holds nothing to compare
 */
export async function compareBundles(a: string, b: string, signal: AbortSignal): Promise<FileComparison[]> {
  const { scanExport } = await import('./published-export.ts')
  const [first, second] = [await digestsOf(a), await digestsOf(b)]
  const paths = [...new Set([...first.keys(), ...second.keys()])].filter((path) => !path.startsWith(SIGNATURES))
  return paths.sort(byteOrder).map((path) => ({ path, equal: first.get(path) === second.get(path) }))

  async function digestsOf(bundle: string): Promise<Map<string, string>> {
    const { members, faults } = await scanExport(bundle, signal)
    const [fault] = faults
    if (fault) throw incomparable(bundle, `${fault.path ?? 'the container'}: ${fault.reason}`)
    if (members.every(({ path }) => path.startsWith(SIGNATURES))) throw incomparable(bundle, 'it holds no file')
    return new Map(members.map(({ path, sizeBytes, sha256 }) => [path, `${sizeBytes} ${sha256}`]))
  }
}

function incomparable(bundle: string, reason: string): CommandFailure {
  const advice = 'download it again: `stella export run download`'
  return new CommandFailure('integrity', `${bundle} cannot be compared: ${reason}`, advice)
}
