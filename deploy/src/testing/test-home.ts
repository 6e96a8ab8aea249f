import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder for one test. */
export interface TestHome {
  readonly dir: string
  remove(): Promise<void>
}

/** Makes a folder that a server under another account may enter: tests run as root as well. */
export async function makeTestHome(): Promise<TestHome> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'stella-test-')))
  await chmod(dir, 0o711)
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }) }
}
