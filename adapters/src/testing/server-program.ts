import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const START_MS = 20_000
const POLL_MS = 20

/** A program that tests start, and how to install it. */
export interface ServerProgram {
  readonly name: string
  readonly install: string
}

/** True where tests against a program must be skipped; under CI=true never, so that they fail there. */
export function lacksProgram({ name, install }: ServerProgram): boolean {
  const present = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (!present) console.warn(`skipped: ${name} is absent; to have it: ${install}`)
  return !present && process.env.CI !== 'true'
}

/** Waits until a program takes connections on a port. */
export async function accepting({ name }: ServerProgram, port: number): Promise<void> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await pause(POLL_MS)) {
    const socket = dial(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
  }
  throw new Error(`${name} did not start within ${START_MS / 1000} seconds`)
}
