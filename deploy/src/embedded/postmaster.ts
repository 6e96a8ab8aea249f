import { readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { commandOf, startOf } from '../process-identity.ts'
import { poll } from './poll.ts'

const LEAVE_MS = 15_000

/** Line 8 of `postmaster.pid` while the server takes connections. */
const READY = 'ready'

/** What a server wrote about itself into `postmaster.pid`: its process number, and its state once it has one. */
async function readPostmaster(clusterDir: string): Promise<{ pid: number; state: string } | undefined> {
  const content = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => undefined)
  if (!content) return undefined
  const lines = content.split('\n')
  return { pid: Number(lines[0]), state: lines[7]?.trim() ?? '' }
}

/** Whether the server `pid` of this cluster takes connections. */
export async function isReady(clusterDir: string, pid: number): Promise<boolean> {
  const found = await readPostmaster(clusterDir)
  return found?.pid === pid && found.state === READY
}

/**
 * Waits until no other server uses the cluster: one whose parent was killed is on its way out. Removes a `postmaster.pid`
 * whose number meanwhile belongs to an unrelated process, which Postgres itself would take for a server.
 *
 * @throws `resource/conflict` when a server stays
 */
export async function awaitFree(clusterDir: string): Promise<void> {
  const free = await poll(LEAVE_MS, async () => ((await userOf(clusterDir)) === undefined ? true : undefined))
  if (free) return await rm(join(clusterDir, 'postmaster.pid'), { force: true })

  const pid = await userOf(clusterDir)
  if (pid === undefined) return
  throw new Problem(
    'resource/conflict',
    `Could not start Postgres: process ${pid} still uses ${clusterDir}.\nStop it (kill -INT ${pid}) and try again.`,
  )
}

/** The live server of the cluster, or undefined. */
async function userOf(clusterDir: string): Promise<number | undefined> {
  const found = await readPostmaster(clusterDir)
  if (!found || startOf(found.pid) === undefined) return undefined
  const [command, dir] = [commandOf(found.pid) ?? '', await realpath(clusterDir)]
  return command.includes('postgres') && command.includes(dir) ? found.pid : undefined
}
