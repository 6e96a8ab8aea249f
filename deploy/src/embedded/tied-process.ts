import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServerUser } from './server-user.ts'
import { hasSetpriv, launchAs } from './setpriv.ts'

/** A program to run for as long as this process lives. */
export interface TiedProgram {
  readonly program: string
  readonly args: readonly string[]
  /** Sent to it when this process dies, however it dies. */
  readonly deathSignal: 'SIGINT' | 'SIGTERM'
  /** Its output is appended here. */
  readonly logFile: string
  readonly user?: ServerUser | undefined
}

/** A child that cannot outlive this process. */
export interface TiedProcess {
  readonly pid: number
  /** Resolves when it has ended, with how: `code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>
  kill(signal: NodeJS.Signals): void
}

/**
 * Starts a program that the kernel (or, without `setpriv`, a small guard process) stops when this process is killed.
 * It leads its own session, so that a Ctrl-C in the terminal reaches this process alone, which then stops it in order.
 * The kernel watches the thread that starts it: call this on the main thread.
 */
export async function spawnTied(tied: TiedProgram): Promise<TiedProcess> {
  const log = openSync(tied.logFile, 'a', 0o600)
  try {
    return hasSetpriv() ? await underSetpriv(tied, log) : await underGuard(tied, log)
  } finally {
    closeSync(log)
  }
}

/** How a child process ended, when it does: `code 1`, `signal SIGKILL`. */
export function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`))
  })
}

async function underSetpriv({ program, args, deathSignal, user }: TiedProgram, log: number): Promise<TiedProcess> {
  const launch = launchAs(user, program, args, deathSignal)
  const child = spawn(launch.command, launch.args, { stdio: ['ignore', log, log], cwd: '/', detached: true })
  const exited = exitOf(child)
  await Promise.race([once(child, 'spawn'), exited])
  return { pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal) }
}

async function underGuard({ program, args, deathSignal, user }: TiedProgram, log: number): Promise<TiedProcess> {
  // The guard is a program of its own, so it always runs compiled.
  const guard = fileURLToPath(new URL('../../dist/embedded/guard.js', import.meta.url))
  const { account } = launchAs(user, program, args)
  const child = spawn(process.execPath, [guard, deathSignal, program, ...args], {
    stdio: ['ignore', log, log, 'ipc'],
    cwd: '/',
    detached: true,
    ...account,
  })
  const exited = exitOf(child)
  const started = await Promise.race([once(child, 'message') as Promise<[{ pid: number }]>, exited])
  const pid = typeof started === 'string' ? 0 : started[0].pid
  return { pid, exited, kill: (signal) => void child.kill(signal === 'SIGKILL' ? 'SIGQUIT' : signal) }
}
