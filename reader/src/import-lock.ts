import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { ReaderFailure } from './reader-failure.ts'

/** Attempts to take a lock that a killed process left. */
const ATTEMPTS = 3

/**
 * Does work while no other import of the same folder runs. A lock of a process that is gone is taken over.
 * @throws ReaderFailure `failed` while another import runs
 */
export async function withImportLock<T>(root: string, work: () => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true })
  const path = join(root, '.import.lock')
  for (let attempt = 1; ; attempt++) {
    const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return null
      throw error
    })
    if (handle) {
      await handle.writeFile(String(process.pid))
      await handle.close()
      break
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''))
    if (isAlive(owner) || attempt === ATTEMPTS) {
      const message = `another import into ${root} runs, of process ${owner}`
      throw new ReaderFailure('failed', message, 'wait until it has ended')
    }
    await rm(path, { force: true })
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
