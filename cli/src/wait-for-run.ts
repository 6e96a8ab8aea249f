import { isFinal, type Run } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

import type { ApiClient } from './api-client.ts'
import { say } from './output.ts'
import { pollUntil } from './poll-until.ts'
import { startProgress } from './progress.ts'
import type { Shell } from './shell.ts'

/**
 * Waits until a run has ended, and shows how far it is.
 * @returns the run as it ended, whether it succeeded or not
 * @throws CommandFailure `interrupted` by SIGINT, which leaves the run going; `failed` after `MAX_WAIT_MS`
 */
export async function waitForRun(api: Pick<ApiClient, 'getRun'>, shell: Shell, { id }: Run): Promise<Run> {
  const progress = startProgress(shell, `run ${id}, shards`)
  let shown: Run['state'] | null = null
  try {
    return await pollUntil({
      what: `run ${id} (\`stella export run status ${id}\`, \`stella export run cancel ${id}\`)`,
      read: () => api.getRun(id),
      isDone: ({ state, shards, parts }) => {
        if (state !== shown && !shell.stderr.isTTY) say(shell, `run ${id}: ${state}`)
        shown = state
        if (shards && !parts && state !== 'failed') progress.update(shards.written, shards.planned)
        return isFinal(state)
      },
      signal: shell.signal,
    })
  } finally {
    progress.end()
  }
}

/** The run, where it succeeded. @throws CommandFailure `failed`, with the error class and message of the run */
export function succeeded(run: Run): Run {
  if (run.state === 'succeeded') return run
  const reason = run.error_class === null ? '' : `: ${run.error_class}: ${run.error_message ?? ''}`
  const kind = run.error_class === 'not_reproducible' ? 'integrity' : 'failed'
  throw new CommandFailure(
    kind,
    `run ${run.id} ${run.state === 'failed' ? 'failed' : `did not succeed: it is ${run.state}`}${reason}`,
  )
}
