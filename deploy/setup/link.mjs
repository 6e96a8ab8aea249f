import { mkdir, readlink, rename, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes `link` point at `target`, atomically; does nothing when it does already. */
export async function pointLink(link, target) {
  if ((await readlink(link).catch(() => undefined)) === target) return
  await mkdir(dirname(link), { recursive: true })
  const partial = `${link}.${process.pid}`
  await symlink(target, partial)
  await rename(partial, link)
}
