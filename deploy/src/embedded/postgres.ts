import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { logSize, logTail } from './log-tail.ts'
import { poll } from './poll.ts'
import { clusterDirOf, compressionOf, DATABASE, ensureCluster, OWNER_ROLE } from './postgres-cluster.ts'
import { postgresSettings, SOCKET_PORT } from './postgres-settings.ts'
import { awaitFree, isReady } from './postmaster.ts'
import { type RunningServer, stopProcess } from './running-server.ts'
import { serverProgram } from './server-program.ts'
import { serverUser } from './server-user.ts'
import { claimSocketDir, socketDirFor } from './socket-dir.ts'
import { spawnTied, type TiedProcess } from './tied-process.ts'

/** Recovery after a crash under load takes seconds; a cluster that needs longer is not starting. */
const START_MS = 120_000
/** After kill -9 the old server's children hold the memory for a moment: the new one is tried again. */
const RETRY_MS = 15_000
const heldByOrphans = /pre-existing shared memory block|lock file ".*" already exists/

/** What `startPostgres` needs to know. */
export interface PostgresOptions {
  /** Made when absent; holds the cluster and the owner's password. */
  readonly dataDir: string
  /** Output of the server; `<dataDir>.log` unless given. */
  readonly logFile?: string
  /** False for tests: a crash of the machine (not of Postgres) may lose data, and commits are quicker. */
  readonly durable?: boolean
}

/** A running Postgres of our own. */
export interface EmbeddedPostgres extends RunningServer {
  /** `postgres://owner:password@/stella?host=/socket/folder&port=N`, the same at each start. Holds a password. */
  readonly ownerUrl: string
}

/**
 * Starts Postgres on a data folder, on a Unix socket alone. It stops when this process ends, even by kill -9.
 *
 * @throws `config/invalid` when it cannot start, with the end of its log; `resource/conflict` when another one has the folder
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const dataDir = await realpath(options.dataDir)
  const logFile = options.logFile ?? `${dataDir}.log`
  const programs = await serverProgram('postgres')
  const socketDir = await socketDirFor(dataDir)
  const user = await serverUser(dataDir, [programs, socketDir])
  const owner = user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  await claimSocketDir(socketDir, owner)
  await awaitFree(clusterDirOf(dataDir))

  const removeSocketDir = () => rm(socketDir, { recursive: true, force: true })
  try {
    const password = await ensureCluster(dataDir, programs, user)
    const compression = await compressionOf(dataDir, programs, user)
    const settings = postgresSettings({ socketDir, durable: options.durable ?? true, compression })
    const program = join(programs, 'bin', 'postgres')
    const args = ['-D', clusterDirOf(dataDir), ...settings]
    const child = await startUntilReady(clusterDirOf(dataDir), logFile, () =>
      spawnTied({ program, args, deathSignal: 'SIGINT', logFile, user }),
    )
    const stop = async () => {
      await stopProcess(child, 'SIGINT')
      await removeSocketDir()
    }
    return { ownerUrl: ownerUrl(password, socketDir), pid: child.pid, exited: child.exited, stop }
  } catch (error) {
    await removeSocketDir()
    throw error
  }
}

function ownerUrl(password: string, socketDir: string): string {
  const host = encodeURIComponent(socketDir).replaceAll('%2F', '/')
  return `postgres://${OWNER_ROLE}:${password}@/${DATABASE}?host=${host}&port=${SOCKET_PORT}`
}

async function startUntilReady(
  clusterDir: string,
  logFile: string,
  start: () => Promise<TiedProcess>,
): Promise<TiedProcess> {
  const retryUntil = performance.now() + RETRY_MS
  for (;;) {
    const from = await logSize(logFile)
    const child = await start()
    const end = child.exited.then((how) => ({ how }))
    const state = await Promise.race([
      poll(START_MS, async () => ((await isReady(clusterDir, child.pid)) ? { how: undefined } : undefined)),
      end,
    ])
    if (state && state.how === undefined) return child

    if (!state) await stopProcess(child, 'SIGINT')
    const tail = await logTail(logFile, from)
    if (heldByOrphans.test(tail) && performance.now() < retryUntil) continue
    const how = state?.how ?? `no answer within ${START_MS / 1000} seconds`
    throw new Problem('config/invalid', `Could not start Postgres: ${how}.\n${tail}\nIts log is ${logFile}.`)
  }
}
