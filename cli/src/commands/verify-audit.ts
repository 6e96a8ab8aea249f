import { AuditChain, type AuditFault, CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { readCheckpoint, writeCheckpoint } from '../audit-checkpoint.ts'
import { fileEntries, serverEntries } from '../audit-entries.ts'
import { print } from '../output.ts'
import type { Shell } from '../shell.ts'

interface Options {
  readonly checkpoint?: string
  readonly file?: string
}

/** `stella audit verify`: reads the whole log and computes its chain again. */
export function verifyAuditCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('verify')
    .description('check that no entry of the audit log was changed, removed, moved or put in between')
    .option('--checkpoint <file>', 'hold the log against what this file remembers of it, then remember its last entry')
    .option('--file <jsonl>', 'check entries in a file of JSON lines; needs no server')
  command.action(async ({ checkpoint, file }: Options) => {
    const known = checkpoint === undefined ? null : await readCheckpoint(checkpoint)
    const entries =
      file === undefined ? serverEntries(createApiClient(shell.settings, shell.signal)) : fileEntries(file)
    const chain = new AuditChain(known)
    const fault = await firstFault(chain, entries)
    const { last } = chain
    const sound = { entries: last?.seq ?? 0, hash: last?.hash ?? null }
    print(shell, command, {
      json: { ok: fault === null, ...sound, fault },
      lines: fault ? [`entry ${fault.seq}: ${fault.reason}`] : [`the audit log is sound: ${sound.entries} entries`],
    })
    if (fault) throw broken(fault)
    if (checkpoint !== undefined && last) await writeCheckpoint(checkpoint, last)
  })
}

async function firstFault(chain: AuditChain, entries: AsyncIterable<unknown>): Promise<AuditFault | null> {
  for await (const entry of entries) {
    const fault = chain.next(entry)
    if (fault) return fault
  }
  return chain.end()
}

function broken({ seq }: AuditFault): CommandFailure {
  const advice = 'compare it with a backup of the database, and find out who may write to it past the service'
  return new CommandFailure(
    'integrity',
    `the audit log is not what was written: entry ${seq} is the first that is wrong`,
    advice,
  )
}
