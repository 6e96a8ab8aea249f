import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { startOf } from './process-identity.ts'

/**
 * Takes a data folder for this process. What a killed process left behind is taken over.
 *
 * @returns the function that gives it back
 * @throws `resource/conflict` naming the process that holds it
 */
export async function lockHome(home: string): Promise<() => Promise<void>> {
  await mkdir(home, { recursive: true, mode: 0o755 })
  const file = join(home, 'lock')
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) })
  while (!(await create(file, mine))) {
    const found = await readFile(file, 'utf8').catch(() => '')
    const holder = liveHolder(found)
    if (holder !== undefined) {
      throw new Problem(
        'resource/conflict',
        `Could not start: process ${holder} already runs a stack on ${home}.\nUse that one, or stop it first: kill ${holder}`,
      )
    }
    await removeStale(file, found)
  }
  return () => rm(file, { force: true })
}

async function create(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function liveHolder(content: string): number | undefined {
  try {
    const { pid, start } = JSON.parse(content) as { pid: number; start: string }
    return startOf(pid) === start ? pid : undefined
  } catch {
    return undefined
  }
}

/** Moves a stale lock away; when another process has just replaced it, its new one goes back. */
async function removeStale(file: string, seen: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  const moved = await rename(file, aside).then(
    () => readFile(aside, 'utf8'),
    () => undefined,
  )
  if (moved !== undefined && moved !== seen && (await create(file, moved))) return await rm(aside, { force: true })
  await rm(aside, { force: true })
}
