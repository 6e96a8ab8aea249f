import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startOf } from './process-start.mjs'
import { SetupError, say } from './run-command.mjs'

const pollMs = 200
/** A lock without an owner's name is one whose owner was killed between two system calls. */
const namelessMs = 5_000
const patienceMs = 30 * 60_000

/**
 * Runs `work` while holding a lock directory. A lock whose process is gone is taken over; a live one is waited for.
 *
 * @template T
 * @param {string} lockDir
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lockDir, work) {
  await mkdir(dirname(lockDir), { recursive: true })
  await acquire(lockDir)
  try {
    return await work()
  } finally {
    await rm(lockDir, { recursive: true, force: true })
  }
}

async function acquire(lockDir) {
  const deadline = Date.now() + patienceMs
  let announced = false
  while (!(await tryAcquire(lockDir))) {
    const owner = await ownerOf(lockDir)
    if (owner.dead) {
      await breakLock(lockDir, owner)
      continue
    }
    if (!announced) say(`waiting for another set-up (process ${owner.pid ?? 'unknown'})`)
    announced = true
    if (Date.now() > deadline) {
      throw new SetupError(
        `Could not set up: process ${owner.pid} has held ${lockDir} for 30 minutes.\nStop it and try again.`,
      )
    }
    await delay(pollMs)
  }
}

async function tryAcquire(lockDir) {
  try {
    await mkdir(lockDir)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  await writeFile(join(lockDir, 'owner.json'), JSON.stringify({ pid: process.pid, start: startOf(process.pid) }))
  return true
}

async function ownerOf(lockDir) {
  const text = await readFile(join(lockDir, 'owner.json'), 'utf8').catch(() => '')
  try {
    const { pid, start } = JSON.parse(text)
    return { text, pid, dead: startOf(pid) !== start }
  } catch {
    const made = await stat(lockDir).catch(() => undefined)
    return { text, dead: made !== undefined && Date.now() - made.mtimeMs > namelessMs }
  }
}

/** Moves a dead lock away; when another process was quicker and the lock is a new one, puts it back. */
async function breakLock(lockDir, owner) {
  const aside = `${lockDir}.${randomBytes(6).toString('hex')}`
  try {
    await rename(lockDir, aside)
  } catch {
    return
  }
  const moved = await readFile(join(aside, 'owner.json'), 'utf8').catch(() => '')
  if (
    moved !== owner.text &&
    (await rename(aside, lockDir).then(
      () => true,
      () => false,
    ))
  )
    return
  await rm(aside, { recursive: true, force: true })
}
