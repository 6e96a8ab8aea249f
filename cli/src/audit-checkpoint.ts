import { type AuditCheckpoint, auditCheckpoint } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

import { readInputFile } from './input-file.ts'
import { writeWhole } from './write-whole.ts'

const MAX_CHECKPOINT_BYTES = 4096

/** What an earlier verification remembered in a file, or null where there is no file yet. @throws CommandFailure `usage` for another file */
export async function readCheckpoint(path: string): Promise<AuditCheckpoint | null> {
  const bytes = await readInputFile(path, MAX_CHECKPOINT_BYTES).catch((error: unknown) => {
    if (error instanceof CommandFailure && error.kind === 'notFound') return null
    throw error
  })
  if (bytes === null) return null
  try {
    return auditCheckpoint.parse(JSON.parse(bytes.toString()))
  } catch (cause) {
    const advice = 'name the file that an earlier `stella audit verify --checkpoint` wrote, or a new one'
    throw new CommandFailure('usage', `${path} cannot be used: it is no checkpoint`, advice, { cause })
  }
}

/** Remembers the last sound entry: the file holds the old checkpoint or the new one, whatever happens. */
export async function writeCheckpoint(path: string, checkpoint: AuditCheckpoint): Promise<void> {
  await writeWhole(path, `${JSON.stringify(checkpoint)}\n`)
}
