/**
 * Seconds until a reader has a mirror in and answers from it, and its package queries a second, side by side with a bare server that answers the
 * same bytes and with SQLite.
 *
 *   node bench/reader/main.mjs [--advisories 1000000] [--seconds 10]
 *
 * Needs python3. Starts a whole stack of its own to make the mirror; it is stopped before anything is measured. Run as root, the cache of the system is
 * dropped before what is called cold.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { baseRecords } from '../jsonl/base-records.mjs'
import { advisories } from '../trivy/advisories.mjs'
import { makeMirror } from './make-mirror.mjs'
import { coldAnswers, startPeer, underLoad } from './queries.mjs'
import { startReader, timedImport } from './reader-process.mjs'
import { report } from './report.mjs'
import { sqlitePeer } from './sqlite-peer.mjs'

const { values } = parseArgs({
  options: { advisories: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '10' } },
})
const count = Number(values.advisories)
/** Packages that are asked for, at most. */
const PACKAGES = 20_000

const dir = await mkdtemp(join(tmpdir(), 'stella-bench-'))
try {
  await bench()
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function bench() {
  const texts = (await baseRecords()).map((text) => (JSON.parse(text).details ?? '').replaceAll(/:\/\/\S*@/g, '://'))
  // Few advisories a package, as most packages have: a tenth of the documents speak of npm.
  const given = advisories(texts, Math.floor(count / 20) + 21)
  const mirror = await makeMirror(dir, { count, textAt: given.textAt })
  const root = join(dir, 'site')
  const imported = await timedImport(root, mirror)
  const names = packagesOf(given)
  const cold = await startReader(root, { isCold: true })
  const first = await coldAnswers(cold.url, names)
  await cold.stop()
  const reader = await startReader(root, { isCold: false })
  const peer = await startPeer(reader.url, names)
  try {
    const seconds = Number(values.seconds)
    const servers = [
      { name: 'reader', ...reader },
      { name: 'bare Hono', ...peer },
    ]
    const rounds = await underLoad(servers, { names, seconds })
    const sqlite = await sqlitePeer(join(dir, 'peer.sqlite'), { count, textAt: given.textAt, names })
    const page = report({ count, mirror, imported, cold: { ...cold, ...first }, reader, rounds, sqlite })
    await writeFile(new URL('RESULTS.md', import.meta.url), page)
    console.log(page)
  } finally {
    await Promise.all([reader.stop(), peer.stop()])
  }
}

/** Packages of npm that advisories speak of, with a version. */
function packagesOf({ textAt }) {
  const names = new Set()
  for (let index = 0; index < count && names.size < PACKAGES; index++) {
    for (const { package: of } of JSON.parse(textAt(index)).affected) if (of.ecosystem === 'npm') names.add(of.name)
  }
  return [...names]
}
