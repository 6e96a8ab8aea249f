import { readlinkSync } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const ACTIVE = 'active'
const GENERATIONS = 'generations'
const SCRATCH = '.import-'

/** The folder of a reader: `active`, a link to one of the folders under `generations/`, and what stands beside them. */
export class Generations {
  readonly root: string
  readonly #active: string

  constructor(root: string) {
    this.root = resolve(root)
    this.#active = join(this.root, ACTIVE)
  }

  /** Makes the folder, and removes what an import that was killed left. Called while no other import runs. */
  async prepare(): Promise<void> {
    const generations = join(this.root, GENERATIONS)
    await mkdir(generations, { recursive: true })
    for (const folder of [this.root, generations]) {
      const left = (await readdir(folder)).filter((name) => name.startsWith(SCRATCH))
      for (const name of left) await rm(join(folder, name), { recursive: true, force: true })
    }
  }

  /** Name of the generation that serves; null before the first import. */
  active(): string | null {
    try {
      // Looked at for every answer: one call of the system, which a pool of threads makes ten times as dear.
      return readlinkSync(this.#active).slice(GENERATIONS.length + 1)
    } catch (error) {
      return absent(error as NodeJS.ErrnoException)
    }
  }

  /** Absolute path of a generation. */
  pathOf(name: string): string {
    return join(this.root, GENERATIONS, name)
  }

  /** Where the files of a bundle lie in the folder of a generation. */
  bundleIn(folder: string): string {
    return join(folder, 'bundle')
  }

  /** Does work with a new folder on the same file system, and removes it afterwards unless it became a generation. */
  async beside<T>(name: string, work: (scratch: string) => Promise<T>): Promise<T> {
    const scratch = join(this.root, GENERATIONS, `${SCRATCH}${name}`)
    await mkdir(scratch)
    try {
      return await work(scratch)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }

  /**
   * Makes what was unpacked into a scratch folder the generation of this name, and the one that serves: by a rename, then by another that replaces
   * the link. Whenever it is stopped, the one before or the new one serves. Then removes all generations but these two.
   */
  async activate(scratch: string, name: string): Promise<void> {
    const before = this.active()
    const path = this.pathOf(name)
    // One of this name that does not serve is what an import left between the renames.
    if (before !== name) await rm(path, { recursive: true, force: true })
    await sync(scratch)
    await rename(scratch, path)
    await sync(join(this.root, GENERATIONS))
    const link = join(this.root, `${SCRATCH}link`)
    await rm(link, { force: true })
    await symlink(join(GENERATIONS, name), link)
    await rename(link, this.#active)
    await sync(this.root)
    await this.#removeOthers([name, ...(before === null ? [] : [before])])
  }

  async #removeOthers(kept: readonly string[]): Promise<void> {
    for (const name of await readdir(join(this.root, GENERATIONS))) {
      if (!kept.includes(name)) await rm(this.pathOf(name), { recursive: true, force: true })
    }
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

/** Whether there is anything at a path. */
export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(absent)) !== null
}
