import type { Verification } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import { type ApiClient, createApiClient } from '../api-client.ts'
import { print, say } from '../output.ts'
import { pollUntil } from '../poll-until.ts'
import type { Shell } from '../shell.ts'
import { verificationLines } from '../verification-lines.ts'

/** `stella export run verify`: has the server read back what it stores for a run. Needs no download. */
export function verifyRunCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('verify')
    .description('have the server check what it stores for a run, and wait for the verdict')
    .argument('<run-id>')
  command.action(async (id: string) => {
    const api = createApiClient(shell.settings, shell.signal)
    const verification = await ended(api, shell, await api.verifyRun(id))
    print(shell, command, { json: verification, lines: verificationLines(verification) })
    requireSound(verification)
  })
}

function ended(
  api: Pick<ApiClient, 'listVerifications'>,
  shell: Shell,
  { id, run_id: runId }: Verification,
): Promise<Verification> {
  say(shell, `verification ${id} of run ${runId}: requested`)
  return pollUntil<Verification | undefined>({
    what: `verification ${id} (\`stella export run verifications ${runId}\`)`,
    // The newest come first, and none is begun while this one goes on.
    read: async () => (await api.listVerifications(runId, {})).items.find((one) => one.id === id),
    isDone: (one) => one?.state !== 'requested',
    signal: shell.signal,
  }).then((one) => {
    if (one) return one
    throw new CommandFailure('failed', `verification ${id} cannot be shown: the server does not list it`)
  })
}

/** @throws CommandFailure `integrity` where a fault was found; `failed` where the verification could not be done */
function requireSound({ id, run_id: runId, verdict, error_class, error_message }: Verification): void {
  if (verdict === null) {
    throw new CommandFailure('failed', `verification ${id} failed: ${error_class}: ${error_message ?? ''}`)
  }
  if (verdict.ok) return
  const files = new Set(verdict.faults.map(({ path }) => path)).size
  const message = `what is stored for run ${runId} is not what was published: ${files} ${files === 1 ? 'file differs' : 'files differ'}`
  throw new CommandFailure('integrity', message, `write it again: \`stella export reproduce ${runId} --out <file>\``)
}
