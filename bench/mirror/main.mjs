/**
 * Seconds, bytes and memory of mirrors and deltas, side by side with tar and zstd over the same bytes.
 *
 *   node bench/mirror/main.mjs [--advisories 1000000]
 *
 * Needs psql, tar and zstd. Starts an embedded Postgres with the settings of `npm run dev`.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MIRROR_SORT_BYTES, RANGE_RECORDS } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import { changeQueries, migrate, mirrorQuery } from '@stella/db'
import { baseRecords } from '../jsonl/base-records.mjs'
import { psql } from '../jsonl/psql.mjs'
import { runMeasured } from '../measured-write.mjs'
import { advisories } from '../trivy/advisories.mjs'
import { withPostgres } from '../with-postgres.mjs'
import { addRevision, evidence, retireDocuments } from './evidence.mjs'
import { report } from './report.mjs'

const { values } = parseArgs({ options: { advisories: { type: 'string', default: '1000000' } } })
const writer = fileURLToPath(new URL('mirror-writer.mjs', import.meta.url))
/** Parts of the evidence that change, in turn. */
const CHANGES = [0.001, 0.01, 0.05, 0.2]
const kinds = { advisory: 'osv-1.7', vex: 'openvex-0.2.0', sbom: 'sbom-graph-1' }

await withPostgres(bench)

async function bench({ ownerUrl, dir }) {
  const loginUrl = await migrate(ownerUrl)
  // What looks like a credential would be withheld, and stand in the state besides.
  const prose = (text) => (JSON.parse(text).details ?? '').replaceAll(/:\/\/\S*@/g, '://')
  const texts = (await baseRecords()).map(prose)
  const rows = []
  for (const count of [Number(values.advisories) / 10, Number(values.advisories)]) {
    rows.push(await measured({ ownerUrl, loginUrl, dir, count, given: evidence(advisories(texts)) }))
  }
  const page = report({ postgres: await psql(ownerUrl, 'show server_version'), rows })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

async function measured({ ownerUrl, loginUrl, dir, count, given }) {
  const tenantId = `bench-${count}`
  const numbers = { advisory: count, vex: count / 500, sbom: count / 500 }
  const [versions, add] = [
    (part, version) => everyNth(given, numbers, part, version),
    (revision, rows) => addRevision({ ownerUrl, tenantId, revision, given: rows }),
  ]
  await add(1, versions(1, 1))
  await psql(ownerUrl, 'vacuum (freeze, analyze) records, raw_artifacts', 'checkpoint')
  const work = { loginUrl, dir, tenantId }
  const scope = { tenantId, ledgerRevision: 1, filters: {} }
  const full = await run(work, 'full', { name: 'full', sources: await fullSources(ownerUrl, scope) })
  const row = { count, full, peer: peer(dir, 'full'), deltas: [] }
  console.log(JSON.stringify(row))
  let [base, state] = ['full', full.state]
  for (const [at, part] of CHANGES.entries()) {
    const revision = at + 2
    await retireDocuments({ ownerUrl, tenantId, revision, given: versions(part, revision) })
    await add(revision, versions(part, revision))
    await psql(ownerUrl, 'analyze records', 'checkpoint')
    const changed = { scope: { ...scope, ledgerRevision: revision }, baseRevision: revision - 1 }
    const sources = await Promise.all(
      Object.entries(kinds).map(async ([kind, id]) => ({
        kind,
        mapping: await mapping(id),
        ...changeQueries(changed, kind),
      })),
    )
    const delta = await run(work, 'delta', { name: `delta-${revision}`, sources, state })
    const next = `mirror-${revision}`
    const places = [base, `delta-${revision}`].map((name) => join(dir, `${name}.tar.zst`))
    const applied = await run(work, 'apply', { name: next, places, making: 'mirror', items: [] })
    if (applied.stateRoot !== delta.stateRoot) throw new Error('the delta does not make what it states')
    row.deltas.push({ part, delta, applied, patch: part === 0.05 ? patch(dir, base, next) : null })
    console.log(JSON.stringify(row.deltas.at(-1)))
    ;[base, state] = [next, delta.state]
  }
  for (const { name } of [{ name: 'full' }]) rmSync(join(dir, `${name}.tar.zst`), { force: true })
  return row
}

/** Every nth document of each kind, in order, in one version. */
function* everyNth(given, numbers, part, version) {
  const step = Math.round(1 / part)
  for (const kind of Object.keys(kinds)) {
    for (let index = 0; index < numbers[kind]; index += step) yield* given[kind](index, version)
  }
}

async function fullSources(ownerUrl, scope) {
  const sources = []
  for (const [kind, id] of Object.entries(kinds)) {
    const starts = await psql(
      ownerUrl,
      `select record_key from (
        select record_key, row_number() over (order by record_key collate "C") as place from records
        where tenant_id = '${scope.tenantId}' and kind = '${kind}') numbered
      where place % ${RANGE_RECORDS} = 1 order by record_key collate "C"`,
    )
    const keys = starts.split('\n')
    const queries = keys.map((from, at) =>
      mirrorQuery(scope, kind, { from: at === 0 ? null : from, to: keys[at + 1] ?? null }),
    )
    sources.push({ kind, mapping: await mapping(id), queries })
  }
  return sources
}

function mapping(id) {
  return readFile(new URL(`../../contracts/mappings/${id}.json`, import.meta.url), 'utf8')
}

async function run({ loginUrl, dir, tenantId }, job, { name, ...options }) {
  const scratch = join(dir, 'scratch')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  const ledger = job === 'apply' ? {} : { connection: parseDatabaseUrl(loginUrl), tenantId, maxWithheld: 1_000_000 }
  const readers = job === 'full' ? { readers: 2 } : {}
  const path = join(dir, 'data')
  const file = { path, texts: [], scratch, memoryBytes: MIRROR_SORT_BYTES, threads: 2, level: 3 }
  const bundle = join(dir, `${name}.tar.zst`)
  const { state, stateRoot, ...made } = await runMeasured(writer, {
    job,
    bundle,
    file,
    ...ledger,
    ...readers,
    ...options,
  })
  return { ...made, state, stateRoot }
}

/** Seconds and bytes of `tar | zstd -3 -T2` over what a mirror holds, uncompressed, and of unpacking it first. */
function peer(dir, name) {
  const [packed, tree] = [join(dir, 'packed'), join(dir, 'tree')]
  for (const folder of [packed, tree]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
  }
  const timed = (script) => {
    const began = performance.now()
    execFileSync('sh', ['-c', script], { cwd: dir })
    return (performance.now() - began) / 1000
  }
  const unpacking = timed(
    `zstd -qdc ${name}.tar.zst | tar -xf - -C packed && cd packed && find . -name '*.zst' | xargs -n 64 zstd -qd --rm && cd .. && rm -rf tree && mv packed tree`,
  )
  const seconds = timed(`tar -cf - -C tree . | zstd -q -3 -T2 -o peer.tar.zst -f && sync peer.tar.zst`)
  const plain = Number(execFileSync('sh', ['-c', 'du -sb tree | cut -f1'], { cwd: dir, encoding: 'utf8' }))
  return { unpacking, seconds, bytes: statSync(join(dir, 'peer.tar.zst')).size, plain }
}

/** Seconds and bytes of a binary patch from one mirror to the next, both uncompressed. */
function patch(dir, from, to) {
  execFileSync('sh', ['-c', `zstd -qdcf ${from}.tar.zst > from.tar; zstd -qdcf ${to}.tar.zst > to.tar`], { cwd: dir })
  const began = performance.now()
  execFileSync('zstd', ['-q', '-3', '-T2', '--long=31', '--patch-from=from.tar', 'to.tar', '-o', 'patch.zst', '-f'], {
    cwd: dir,
  })
  const seconds = (performance.now() - began) / 1000
  const { size } = statSync(join(dir, 'patch.zst'))
  for (const file of ['from.tar', 'to.tar', 'patch.zst']) rmSync(join(dir, file))
  return { seconds, bytes: size }
}
