import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse as parseYaml } from 'yaml'

const run = promisify(execFile)

/**
 * Canonical OSV records of a folder, in order of path: JSON and YAML files, and what lies in `.tar.zst` files.
 *
 * @param {string} dir - a folder with OSV files at any depth
 * @returns {Promise<string[]>} RFC 8785 JSON, one string a record
 */
export async function corpusRecords(dir) {
  const unpacked = await mkdtemp(join(tmpdir(), 'stella-bench-'))
  try {
    const records = []
    for (const path of await filesUnder(dir)) {
      if (!path.endsWith('.tar.zst')) continue
      await run('tar', ['-x', '-I', 'zstd', '-f', path, '-C', unpacked])
    }
    for (const path of [...(await filesUnder(dir)), ...(await filesUnder(unpacked))]) {
      const record = await recordIn(path)
      if (record) records.push(canonical(record))
    }
    return records
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

async function filesUnder(dir) {
  if (!existsSync(dir)) return []
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

async function recordIn(path) {
  if (!/\.(json|yaml)$/.test(path)) return undefined
  const text = await readFile(path, 'utf8')
  // Times stay the strings that they are.
  const record = path.endsWith('.json') ? JSON.parse(text) : parseYaml(text, { schema: 'core' })
  return typeof record?.id === 'string' && typeof record.modified === 'string' ? record : undefined
}

/** RFC 8785: members in order of UTF-16 units, which is JavaScript's own; numbers and strings as JSON.stringify has them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`
}
