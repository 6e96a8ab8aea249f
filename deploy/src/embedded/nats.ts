import { randomBytes } from 'node:crypto'
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { commandOf } from '../process-identity.ts'
import { logSize, logTail } from './log-tail.ts'
import { poll } from './poll.ts'
import { type RunningServer, stopProcess } from './running-server.ts'
import { serverProgram } from './server-program.ts'
import { spawnTied } from './tied-process.ts'

const START_MS = 60_000
const LEAVE_MS = 15_000
const USER = 'stella'

/** What `startNats` needs to know. */
export interface NatsOptions {
  /** Made when absent; holds the streams and the password. */
  readonly dataDir: string
  /** Output of the server; `<dataDir>.log` unless given. */
  readonly logFile?: string
  /** Port on 127.0.0.1; a free one unless given. */
  readonly port?: number
}

/** A running NATS server of our own, with JetStream. */
export interface EmbeddedNats extends RunningServer {
  /** `nats://user:password@127.0.0.1:port`. Holds a password: other users of the machine reach the port. */
  readonly url: string
  readonly port: number
}

/**
 * Starts a NATS server with file storage on the loopback address. It stops when this process ends, even by kill -9.
 *
 * @throws `config/invalid` when it cannot start, with the end of its log; `resource/conflict` when another one has the folder
 */
export async function startNats(options: NatsOptions): Promise<EmbeddedNats> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const dataDir = await realpath(options.dataDir)
  const logFile = options.logFile ?? `${dataDir}.log`
  const program = await serverProgram('nats-server')
  await awaitFree(dataDir)

  const portsDir = join(dataDir, 'ports')
  await rm(portsDir, { recursive: true, force: true })
  await mkdir(portsDir)
  const password = await passwordOf(dataDir)
  const config = join(dataDir, 'nats.conf')
  await writeFile(config, configuration({ dataDir, portsDir, password, port: options.port ?? -1 }), { mode: 0o600 })

  const from = await logSize(logFile)
  const child = await spawnTied({ program, args: ['-c', config], deathSignal: 'SIGTERM', logFile })
  const started = await Promise.race([poll(START_MS, () => portIn(portsDir, child.pid)), child.exited])
  if (typeof started === 'number') {
    const stop = () => stopProcess(child, 'SIGTERM')
    const url = `nats://${USER}:${password}@127.0.0.1:${started}`
    return { url, port: started, pid: child.pid, exited: child.exited, stop }
  }

  if (!started) await stopProcess(child, 'SIGTERM')
  const how = started ?? `no answer within ${START_MS / 1000} seconds`
  const tail = await logTail(logFile, from)
  throw new Problem('config/invalid', `Could not start NATS: ${how}.\n${tail}\nIts log is ${logFile}.`)
}

async function passwordOf(dataDir: string): Promise<string> {
  const file = join(dataDir, 'password')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (known) return known
  const password = randomBytes(24).toString('base64url')
  await writeFile(file, password, { mode: 0o600 })
  return password
}

/** JSON is a subset of the server's own configuration language. */
function configuration(facts: { dataDir: string; portsDir: string; password: string; port: number }): string {
  const { dataDir, portsDir, password, port } = facts
  return JSON.stringify({
    host: '127.0.0.1',
    port,
    ports_file_dir: portsDir,
    pid_file: pidFileOf(dataDir),
    authorization: { user: USER, password },
    jetstream: { store_dir: join(dataDir, 'jetstream') },
  })
}

/** The port that the server `pid` chose, once it takes connections. */
async function portIn(portsDir: string, pid: number): Promise<number | undefined> {
  const written = await readFile(join(portsDir, `nats-server_${pid}.ports`), 'utf8').catch(() => '')
  try {
    const { nats } = JSON.parse(written) as { nats: string[] }
    return Number(new URL(nats[0] ?? '').port)
  } catch {
    return undefined // Not there, or half written.
  }
}

function pidFileOf(dataDir: string): string {
  return join(dataDir, 'nats.pid')
}

/** Waits for a server whose parent was killed: two on one store would spoil it. */
async function awaitFree(dataDir: string): Promise<void> {
  const free = await poll(LEAVE_MS, async () => ((await userOf(dataDir)) === undefined ? true : undefined))
  const pid = free ? undefined : await userOf(dataDir)
  if (pid === undefined) return
  throw new Problem(
    'resource/conflict',
    `Could not start NATS: process ${pid} still uses ${dataDir}.\nStop it (kill ${pid}) and try again.`,
  )
}

async function userOf(dataDir: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFileOf(dataDir), 'utf8').catch(() => ''))
  return pid > 0 && commandOf(pid)?.includes(join(dataDir, 'nats.conf')) ? pid : undefined
}
