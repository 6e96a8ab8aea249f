import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, '')

/** What set-up leaves for later: stamps, and links to the server programs. */
export const setupDir = join(root, '.stella', 'setup')

/** `<os>-<cpu>`, as npm names it: part of every name in the cache. */
export const platform = `${process.platform}-${process.arch}`

/** The cache outside the repository: downloads survive `rm -rf node_modules`, and a second clone needs no network. */
export function cacheDir(env = process.env) {
  const base = env.XDG_CACHE_HOME ? resolve(env.XDG_CACHE_HOME) : join(homedir(), '.cache')
  return join(base, 'stella')
}
