import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Problem } from '@stella/contracts'
import type { ServerUser } from './server-user.ts'
import { launchAs } from './setpriv.ts'

/** How a short program ended, and what it wrote. */
export interface Ended {
  /** Null: a signal ended it. */
  readonly code: number | null
  readonly output: string
  readonly complaint: string
}

/** Runs a program under an account (undefined: this one) to its end; `input` is what it reads. */
export async function runAs(
  user: ServerUser | undefined,
  program: string,
  args: readonly string[],
  input = '',
): Promise<Ended> {
  const launch = launchAs(user, program, args)
  const child = spawn(launch.command, launch.args, { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], ...launch.account })
  child.stdin.on('error', () => undefined) // It may end without reading.
  child.stdin.end(input)
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, output, complaint }
}

/** Like `runAs`. @returns the output. @throws `config/invalid` with its complaint when the program fails */
export async function mustRunAs(...run: Parameters<typeof runAs>): Promise<string> {
  const { code, output, complaint } = await runAs(...run)
  if (code === 0) return output
  throw new Problem(
    'config/invalid',
    `Could not make the database: ${run[1]} ended with ${code}.\n${complaint.trimEnd()}`,
  )
}
