import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { root } from './paths.mjs'

/** Every regular file under `path` (a file or a folder), absolute, without build output. */
async function filesUnder(path) {
  const entry = await stat(path).catch(() => undefined)
  if (!entry) return []
  if (entry.isFile()) return [path]

  const found = []
  for (const child of await readdir(path, { withFileTypes: true })) {
    if (child.name === 'target' || child.name === 'node_modules') continue
    const inner = join(path, child.name)
    if (child.isDirectory()) found.push(...(await filesUnder(inner)))
    else if (child.isFile()) found.push(inner)
  }
  return found
}

/**
 * SHA-256 (hex) over names and contents of files, in byte order of their names; absent paths count as empty.
 *
 * @param {string[]} paths files and folders, relative to the repository
 * @param {string[]} [facts] anything else that the result depends on
 */
export async function hashOf(paths, facts = []) {
  const files = (await Promise.all(paths.map((path) => filesUnder(join(root, path))))).flat()
  const named = files.map((file) => ({ file, name: Buffer.from(relative(root, file)) }))
  named.sort((a, b) => Buffer.compare(a.name, b.name))

  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const { file, name } of named) {
    const content = createHash('sha256').update(await readFile(file))
    hash.update(`${name.length}:`).update(name).update(content.digest())
  }
  return hash.digest('hex')
}

/** The text of a stamp, or undefined when there is none. */
export async function readStamp(path) {
  return await readFile(path, 'utf8').catch(() => undefined)
}

/** Writes a stamp whole or not at all. */
export async function writeStamp(path, text) {
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}`
  try {
    await writeFile(partial, text)
    await rename(partial, path)
  } finally {
    await rm(partial, { force: true })
  }
}
