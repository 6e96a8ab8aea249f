import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { logSize, logTail } from './embedded/log-tail.ts'
import { type RunningServer, stopProcess } from './embedded/running-server.ts'
import { repositoryDir } from './embedded/server-program.ts'
import { exitOf } from './embedded/tied-process.ts'

const START_MS = 60_000

/** One of our own programs, as a child process. */
export interface ServiceOptions {
  /** Its package: the program is `<name>/dist/main.js`. */
  readonly name: 'gateway' | 'workers'
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
}

/** A service that serves. */
export interface RunningService extends RunningServer {
  /** Where it listens, if it does. */
  readonly url: string | undefined
}

/**
 * Starts a service and waits for its message `{ type: 'ready', url? }`. The service stops when the channel to this process
 * closes, so it cannot outlive it. It leads its own session: a Ctrl-C in the terminal does not reach it.
 *
 * @throws `config/invalid` when it ends or stays silent instead, with the end of its log
 */
export async function startService({ name, env, logFile }: ServiceOptions): Promise<RunningService> {
  const from = await logSize(logFile)
  const child = spawnLogged(join(repositoryDir, name, 'dist', 'main.js'), env, logFile)
  const exited = exitOf(child)
  const answer = await Promise.race([readyMessage(child), exited.then((how) => ({ how }))])
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  if ('url' in answer) {
    return { url: answer.url, pid: child.pid ?? 0, exited, stop: () => stopProcess({ exited, kill }, 'SIGTERM') }
  }

  kill('SIGKILL')
  const tail = await logTail(logFile, from)
  throw new Problem('config/invalid', `Could not start ${name}: ${answer.how}.\n${tail}\nIts log is ${logFile}.`)
}

function spawnLogged(program: string, env: NodeJS.ProcessEnv, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  try {
    return spawn(process.execPath, [program], { env, stdio: ['ignore', log, log, 'ipc'], detached: true })
  } finally {
    closeSync(log)
  }
}

function readyMessage(child: ChildProcess): Promise<{ url: string | undefined } | { how: string }> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ how: `no answer within ${START_MS / 1000} seconds` }), START_MS)
    child.on('message', (message: { type?: string; url?: string }) => {
      if (message.type === 'ready') resolve({ url: message.url })
    })
    child.once('exit', () => clearTimeout(timer))
    child.once('message', () => clearTimeout(timer))
  })
}
