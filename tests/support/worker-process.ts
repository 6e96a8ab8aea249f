import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import type { Stack } from '@stella/deploy'

const WORKER = fileURLToPath(new URL('../../workers/dist/main.js', import.meta.url))

/** Starts a worker of a stack, beside those that it has; resolves when it works. */
export async function startWorker(
  stack: Pick<Stack, 'databaseUrl' | 'natsUrl' | 'blobUrl' | 'devDir'>,
): Promise<ChildProcess> {
  const child = fork(WORKER, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: stack.databaseUrl,
      NATS_URL: stack.natsUrl,
      BLOB_URL: stack.blobUrl,
      KMS_URL: pathToFileURL(join(stack.devDir, 'signing-key.pem')).href.replace('file:', 'local:'),
    },
  })
  const died = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a worker did not start: ${code}`)))
  await Promise.race([once(child, 'message'), died])
  died.catch(() => undefined) // From here on its end is what tests are about.
  return child
}

/** Kills a worker at once, as a machine that fails does. */
export async function killWorker(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
