import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type ExportManifest, isFinal, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { readMember } from '@stella/native'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { changedLines, type Lie, type LyingProxy, startLyingProxy } from './support/lying-proxy.ts'
import { createProfile, exportBundle, ingest, openTenant, post, samples, type Tenant, until } from './support/tenant.ts'

const TENANT = 'shared'
/** More than two ranges of records. */
const RECORDS = 40_000

let holder: TestStack
let reader: TestStack
let there: Tenant
let here: Tenant
let proxy: LyingProxy
let directory: string
let token: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stella-evidence-'))
  holder = await startTestStack()
  proxy = await startLyingProxy(holder.url)
  token = await holder.token({ tenant: TENANT, roles: ['Export.Viewer'] })
  await giveToken(token)
  reader = await startTestStack({
    env: { EVIDENCE_URL: proxy.url, EVIDENCE_TOKEN_FILE: join(directory, 'token-{tenant}') },
  })
  there = await openTenant(holder, TENANT)
  here = await openTenant(reader, TENANT)
  for (const tenant of [there, here]) await createProfile(tenant)
  await ingest(there, join(samples, 'advisories'), join(samples, 'vex'), join(samples, 'sboms'))
  const sbom = await readFile(join(samples, 'sboms/edge-proxy.cdx.json'), 'utf8')
  const namesake = sbom.replace(/("serialNumber": "urn:uuid:)[0-9a-f]{8}/, '$1ffffffff')
  expect(namesake).not.toBe(sbom)
  await post(there, namesake, '?source_uri=https://example.test/sboms')
  const lines = Array.from({ length: RECORDS }, (_, n) =>
    JSON.stringify({
      id: `MANY-${n}`,
      modified: '2024-01-01T00:00:00Z',
      summary: `Number ${n}`,
      details: 'ü'.repeat(n % 97),
    }),
  )
  expect((await post(there, lines.join('\n'))).summary).toMatchObject({ new: RECORDS })
}, 240_000)
afterEach(async () => {
  proxy.lie('', null)
  await giveToken(token)
})
afterAll(async () => {
  await Promise.all([holder?.stop(), reader?.stop(), proxy?.stop()])
  if (directory) await rm(directory, { recursive: true })
})

const giveToken = (text: string) => writeFile(join(directory, `token-${TENANT}`), `${text}\n`)

async function contentOf(bundle: string): Promise<ExportManifest['content']> {
  return (JSON.parse((await readMember(bundle, 'export.json', 1e8)).toString()) as ExportManifest).content
}

/** Starts a run of the reader and waits for its end. */
function runHere(filters: object = { include: ['advisories'], ecosystems: ['npm'] }): Promise<Run> {
  return runOf(here, { profile_id: 'prof_json_raw', filters })
}

async function runOf(tenant: Tenant, asked: object): Promise<Run> {
  const created = await tenant.api('/export/runs', { method: 'POST', body: JSON.stringify(asked) })
  const { id } = (await created.json()) as Run
  return until(async () => {
    const run = (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
    return isFinal(run.state) ? run : null
  })
}

describe('an export through EVIDENCE_URL', () => {
  test.each([[[]], [['--ecosystem', 'npm']], [['--include', 'sboms']], [['--to', '1990-01-01']]])(
    'with %j equals one where the evidence lies: content, content_root and every data file',
    async (filters) => {
      const [local, remote] = [
        await exportBundle(there, 'there.tar.zst', ...filters),
        await exportBundle(here, 'here.tar.zst', ...filters),
      ]
      expect(await contentOf(remote.bundle)).toEqual(await contentOf(local.bundle))
      expect(remote.run).toMatchObject({ content_root: local.run.content_root, counts: local.run.counts })
      expect((await here.stella('export', 'verify', remote.bundle)).code).toBe(0)
    },
  )

  test.each(['kind', 'ecosystem'])('in parts by %s equals one in parts where the evidence lies', async (by) => {
    const roots: (string | null)[] = []
    for (const tenant of [there, here]) {
      const config = { sharding: { max_bytes: 1 << 20, by } }
      const profile = JSON.stringify({ name: `parts ${by}`, kind: 'json', variant: 'raw', config })
      await tenant.api('/export/profiles', { method: 'POST', body: profile })
      roots.push((await runOf(tenant, { profile_id: `prof_parts_${by}` })).content_root)
    }
    expect(roots).toEqual([expect.stringMatching(/^sha256:/), roots[0]])
  })

  test('of a Trivy database equals one where the evidence lies, records without a package among them', async () => {
    const roots: (string | null)[] = []
    for (const tenant of [there, here]) {
      const profile = JSON.stringify({ name: 'trivy', kind: 'trivy', variant: 'db' })
      await tenant.api('/export/profiles', { method: 'POST', body: profile })
      const run = await runOf(tenant, { profile_id: 'prof_trivy' })
      expect(run.counts).toMatchObject({ advisories: expect.toSatisfy((count: number) => count > RECORDS), vex: 0 })
      roots.push(run.content_root)
    }
    expect(roots).toEqual([expect.stringMatching(/^sha256:/), roots[0]])
  })

  test('of a Java DB, of SBOMs and more JARs than a range holds, equals one where the evidence lies', async () => {
    const rows = Array.from({ length: RECORDS }, (_, n) => {
      const digest = createHash('sha1').update(String(n)).digest('hex')
      return `org.example\tart-${n % 97}\t1.${n}\t-\t${digest}`
    })
    expect((await post(there, rows.join('\n'), '?format=maven-index')).summary).toMatchObject({ new: RECORDS })
    const roots: (string | null)[] = []
    for (const tenant of [there, here]) {
      const profile = JSON.stringify({ name: 'java', kind: 'trivy', variant: 'java-db' })
      await tenant.api('/export/profiles', { method: 'POST', body: profile })
      const run = await runOf(tenant, { profile_id: 'prof_java' })
      expect(run.counts).toMatchObject({ advisories: 0, jars: RECORDS, sboms: 5 })
      roots.push(run.content_root)
    }
    expect(roots).toEqual([expect.stringMatching(/^sha256:/), roots[0]])
  })

  test('says in its provenance which ledger was read, and names the batches of that', async () => {
    const { bundle } = await exportBundle(here, 'provenance.tar.zst', '--include', 'sboms')
    const statement = (await readMember(bundle, 'provenance.json', 1e8)).toString()
    expect(statement).toMatch(/"evidence":"urn:stella:ledger:[0-9a-f]{64}"/)
    expect(statement).toContain('https://example.test/sboms')
    expect(statement).not.toContain(token)
  })

  test('is reproduced byte for byte but for signatures/', async () => {
    const { run } = await exportBundle(here, 'original.tar.zst', '--include', 'sboms,vex')
    const outcome = await here.stella('export', 'reproduce', run.id, '--out', join(here.directory, 'again.tar.zst'))
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 })
  })
})

describe('a reading that is disturbed', () => {
  test('goes on after the last whole line of a stream that was cut', async () => {
    const { run } = await exportBundle(there, 'whole.tar.zst', '--include', 'advisories')
    let cuts = 0
    proxy.lie('/ledger/records', ({ bytes }, response) => {
      if (++cuts > 6) return void response.end(bytes)
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
    })
    expect(await runHere({ include: ['advisories'] })).toMatchObject({
      state: 'succeeded',
      content_root: run.content_root,
    })
    expect(cuts).toBeGreaterThan(6)
  })

  test('survives the death of the gateway that holds the evidence', async () => {
    const { run } = await exportBundle(there, 'whole.tar.zst')
    let killed: Promise<void> | undefined
    proxy.lie('/ledger/records', ({ bytes }, response) => {
      killed ??= holder.processes.gateway.kill()
      response.end(bytes)
    })
    expect(await runHere({})).toMatchObject({ state: 'succeeded', content_root: run.content_root })
    await killed
    await holder.processes.gateway.running()
  })

  test('of a document fetches it again', async () => {
    let cut = false
    proxy.lie('/ledger/artifacts', ({ bytes }, response) => {
      if (cut) return void response.end(bytes)
      cut = true
      response.write(bytes.subarray(0, 9), () => response.destroy())
    })
    expect(await runHere({ include: ['sboms'] })).toMatchObject({ state: 'succeeded' })
  })
})

describe('a liar', () => {
  const swap = ([a = '', b = '', ...rest]: string[]) => [b, a, ...rest]
  const endless: Lie = ({ bytes }, response) => {
    const line = bytes.subarray(0, bytes.indexOf(10) + 1)
    const send = () => {
      while (!response.destroyed && response.write(Buffer.concat(Array.from({ length: 64 }, () => line))));
    }
    response.on('drain', send)
    send()
  }
  const noLineFeed: Lie = (_, response) => {
    const send = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 'x')));
    }
    response.on('drain', send)
    send()
  }

  test.each<[string, string, Lie]>([
    [
      'alters a record',
      'ledger_corrupt',
      changedLines((lines) => lines.map((line) => line.replace(/"summary":"/, '$&X'))),
    ],
    [
      'alters a record and its digest, into what is not canonical',
      'evidence_invalid',
      changedLines(([line = '', ...rest]) => [line.replace('"record":{', '"record":{ '), ...rest].map(redigested)),
    ],
    [
      'says that a record is of another kind',
      'evidence_invalid',
      changedLines((lines) => lines.map((line) => line.replace('"kind":"advisory"', '"kind":"vex"'))),
    ],
    ['changes the order', 'ledger_corrupt', changedLines(swap)],
    ['leaves one out', 'evidence_invalid', changedLines(([, ...rest]) => rest)],
    ['sends one more', 'evidence_invalid', changedLines((lines) => [...lines, lines[0] ?? ''])],
    ['says another number', 'evidence_invalid', changedLines((lines) => lines, { records: 1 })],
    ['has another digest of all', 'evidence_invalid', changedLines((lines) => lines, { sha256: '0'.repeat(64) })],
    ['is of another ledger', 'evidence_invalid', changedLines((lines) => lines, { ledger: 'urn:stella:ledger:empty' })],
    ['is of another revision', 'evidence_invalid', changedLines((lines) => lines, { revision: 1 })],
    ['stops early', 'evidence_invalid', changedLines((lines) => lines, { next_cursor: 'A' })],
    [
      'leaves out the end',
      'evidence_invalid',
      ({ bytes }, response) => void response.end(bytes.subarray(0, bytes.lastIndexOf('\n', -2) + 1)),
    ],
    [
      'sends something after the end',
      'evidence_invalid',
      ({ bytes }, response) => void response.end(Buffer.concat([bytes, bytes])),
    ],
    ['sends nothing', 'evidence_invalid', (_, response) => void response.end()],
    ['sends what is no JSON', 'evidence_invalid', (_, response) => void response.end('<html>\n</html>\n')],
    ['sends records without end', 'evidence_invalid', endless],
    ['sends a line without end', 'evidence_invalid', noLineFeed],
    [
      'leads elsewhere',
      'evidence_invalid',
      (_, response) => void response.writeHead(307, { location: '/ledger/vex' }).end(),
    ],
  ])('that %s is refused as %s', async (_, errorClass, lie) => {
    proxy.lie('/ledger/records', lie)
    const run = await runHere()
    expect([run.state, run.error_class, run.error_message]).toEqual(['failed', errorClass, expect.stringMatching(/./)])
    expect(run).toMatchObject({ bundle: null, content_root: null })
  })

  test.each<[string, string, string, Lie]>([
    [
      'alters a document',
      '/ledger/artifacts',
      'evidence_invalid',
      ({ bytes }, response) => void response.end(`${bytes.toString()} `),
    ],
    [
      'climbs out of its folder',
      '/ledger/records',
      'schema_mismatch',
      changedLines((lines) => lines.map((line) => line.replace(/"folder":"/, '$&../'))),
    ],
    [
      'names no document',
      '/ledger/records',
      'evidence_invalid',
      changedLines((lines) => lines.map((line) => line.replace(/"folder":"[^"]*",/, ''))),
    ],
    [
      'answers extents in another form',
      '/ledger/extents',
      'evidence_invalid',
      (_, response) => void response.end('{"records":1}'),
    ],
    [
      'counts ranges that are not there',
      '/ledger/extents',
      'evidence_invalid',
      ({ bytes }, response) => void response.end(JSON.stringify({ ...JSON.parse(bytes.toString()), records: 1e9 })),
    ],
    [
      'is another tenant',
      '/ledger/extents',
      'evidence_denied',
      ({ bytes }, response) => void response.end(bytes.toString().replace(`"${TENANT}"`, '"another"')),
    ],
    [
      'answers sources of another ledger',
      '/ledger/sources',
      'evidence_changed',
      ({ bytes }, response) =>
        void response.end(bytes.toString().replace(/urn:stella:ledger:[0-9a-f]+/, 'urn:stella:ledger:empty')),
    ],
  ])('about SBOMs that %s is refused', async (_, path, errorClass, lie) => {
    proxy.lie(path, lie)
    expect(await runHere({ include: ['sboms'] })).toMatchObject({ state: 'failed', error_class: errorClass })
  })

  test('about ecosystems that others were asked for is refused', async () => {
    proxy.lie('/ledger/ecosystems', ({ bytes }, response) => void response.end(`${bytes}`.replace('"npm"', '"pypi"')))
    const run = await runOf(here, { profile_id: 'prof_parts_ecosystem' })
    expect(run).toMatchObject({ state: 'failed', error_class: 'evidence_invalid' })
  })

  test('is asked once only: lies are not tried again', async () => {
    proxy.lie('/ledger/records', (_, response) => void response.end())
    await runHere()
    expect(proxy.requests()).toBe(1)
  })
})

describe('a token', () => {
  test.each([
    ['that nobody gave', async () => 'not.a.token'],
    ['of another tenant', async () => holder.token({ tenant: 'another', roles: ['Export.Viewer'] })],
    ['without the role', async () => holder.token({ tenant: TENANT, roles: [] })],
    ['that is no token', async () => 'two words'],
  ])('%s ends the run as evidence_denied, and is in no message', async (_, make) => {
    const wrong = await make()
    await giveToken(wrong)
    const run = await runHere()
    expect(run).toMatchObject({ state: 'failed', error_class: 'evidence_denied' })
    expect(run.error_message).not.toContain(wrong)
    expect(await readFile(join(reader.home, 'logs/worker-1.log'), 'utf8')).not.toContain(wrong)
  })

  test('of a tenant without one does not borrow that of another', async () => {
    const stranger = await openTenant(reader, 'stranger')
    await createProfile(stranger)
    const outcome = await stranger.stella('export', 'run', 'create', '--profile', 'prof_json_raw', '--wait', '--json')
    expect(outcome.stdout).toContain('evidence_denied')
  })
})

/** A line whose digest is that of its record, whatever that is. */
function redigested(line: string): string {
  const at = line.indexOf(',"record":') + ',"record":'.length
  const sha256 = createHash('sha256').update(line.slice(at, -1)).digest('hex')
  return line.replace(/"body_sha256":"[0-9a-f]+"/, `"body_sha256":"${sha256}"`)
}
