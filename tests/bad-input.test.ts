import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  type IngestSummary,
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENT_DEPTH,
  type ProblemBody,
  type Run,
} from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, ingest, openTenant, post, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'bad-input')
  await createProfile(tenant)
})
afterAll(() => stack?.stop())

function advisory(id: string, more: object = {}): string {
  return JSON.stringify({ schema_version: '1.7.0', id, modified: '2024-05-06T07:08:09Z', summary: 'x', ...more })
}

function vex(more: object): string {
  const statement = {
    vulnerability: { name: 'CVE-2024-1' },
    status: 'fixed',
    products: [{ '@id': 'pkg:npm/a' }],
    ...more,
  }
  const head = { '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://x.example/vex', author: 'a', version: 1 }
  return JSON.stringify({ ...head, timestamp: '2024-01-01T00:00:00Z', statements: [statement] })
}

const deep = `${'['.repeat(MAX_DOCUMENT_DEPTH + 1)}${']'.repeat(MAX_DOCUMENT_DEPTH + 1)}`

/** File name, content, and what the refusal must say. */
const refusals: [string, string | Uint8Array, RegExp][] = [
  ['malformed.json', '{"id": "A-1", "modified": }', /expected|invalid/i],
  ['truncated.json', advisory('A-2').slice(0, -9), /end|EOF|truncated/i],
  ['empty.json', '', /empty/i],
  ['deep.json', advisory('A-3').replace('"x"', deep), /deep|nest|recursion/i],
  [
    'not-utf8.json',
    Buffer.concat([Buffer.from('{"id":"A-4","modified":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
    /UTF-8/i,
  ],
  ['doubled-key.json', '{"id":"A-5","id":"A-6","modified":"2024-05-06T07:08:09Z"}', /doubled|duplicate|twice/i],
  ['lone-surrogate.json', '{"id":"A-7","modified":"2024-05-06T07:08:09Z","summary":"\\ud800"}', /surrogate/i],
  ['no-modified.json', '{"schema_version":"1.7.0","id":"A-8","summary":"x","affected":[]}', /modified/],
  ['bad-time.json', advisory('A-9').replace('2024-05-06T', '2024-13-06T'), /time|date|modified/i],
  ['unknown.json', '{"hello":"world"}', /format/i],
  ['csaf.json', '{"document":{"category":"csaf_vex","csaf_version":"2.1"}}', /CSAF 2\.1/],
  ['provider-metadata.json', '{"metadata_version":"2.0","publisher":{}}', /provider metadata/],
  ['spdx.spdx', 'SPDXVersion: SPDX-2.3\n', /tag-value/],
  ['spdx3.json', '{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}', /SPDX 3/],
  [
    'openvex-hash.json',
    vex({ products: [{ '@id': 'pkg:npm/a', hashes: { 'sha-256': 7 } }] }),
    /hashes.sha-256: must be a string/,
  ],
  ['openvex-version.json', vex({ version: '2' }), /version: must be an integer from 1/],
  ['readme.md', '# Not evidence\n', /format|YAML/i],
]

describe('bad documents', () => {
  test('are refused one by one with file, position and reason; the rest goes in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stella-bad-'))
    for (const [name, content] of refusals) await writeFile(join(folder, name), content)
    await writeFile(join(folder, 'good.json'), advisory('GOOD-1'))
    await writeFile(join(folder, 'lines.jsonl'), `${advisory('GOOD-2')}\n{"id": \n${advisory('GOOD-3')}\n`)

    const summary = await ingest(tenant, folder)
    expect(summary).toMatchObject({ read: refusals.length + 4, new: 3 })
    for (const [name, , reason] of refusals) {
      const refused = summary.refused.find(({ source }) => source.endsWith(name))
      expect(refused, name).toBeDefined()
      expect(`${refused?.position}: ${refused?.reason}`, name).toMatch(reason)
      expect(refused?.position, name).toMatch(/^(\d+:\d+|\/.*)$/)
    }
    expect(summary.refused.find(({ source }) => source.includes('lines.jsonl'))?.position).toMatch(/^2:/)
  })

  test('over the size limit are refused', async () => {
    const path = join(tenant.directory, 'huge.json')
    await writeFile(path, Buffer.concat([Buffer.from('{"id":"'), Buffer.alloc(MAX_DOCUMENT_BYTES, 'a')]))
    const outcome = await tenant.stella('ingest', path, '--json')
    expect(outcome.code).toBe(8)
    expect((JSON.parse(outcome.stdout) as IngestSummary).refused[0]?.reason).toMatch(/large|limit|bytes/i)
  })

  test('with --strict refuse the whole batch', async () => {
    const [good, bad] = [join(tenant.directory, 'strict-good.json'), join(tenant.directory, 'strict-bad.json')]
    await writeFile(good, advisory('STRICT-1'))
    await writeFile(bad, '{')
    const before = await ingest(tenant, good)
    await writeFile(good, advisory('STRICT-2'))
    expect((await tenant.stella('ingest', good, bad, '--strict')).code).toBe(8)
    expect(await ingest(tenant, good)).toMatchObject({ revision: before.revision + 1, new: 1 })
  })

  test('that are one older version of what is held change nothing; one conflicting is named', async () => {
    await post(tenant, advisory('TIME-1', { modified: '2024-06-01T00:00:00Z' }))
    const older = await post(tenant, advisory('TIME-1', { modified: '2024-05-01T00:00:00Z' }))
    expect(older.summary).toMatchObject({ new: 0, changed: 0, unchanged: 1, refused: [] })

    const texts = ['one', 'two'].map((summary) => advisory('TIME-2', { summary }))
    const summaries = []
    for (const text of [...texts, ...texts]) summaries.push((await post(tenant, text)).summary)
    expect(summaries.flatMap((summary) => summary?.refused ?? []).length).toBeGreaterThan(0)
    expect(summaries.slice(2).every((summary) => summary?.new === 0 && summary.changed === 0)).toBe(true)
  })

  test('that end in the middle of an upload leave nothing behind', async () => {
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"id":"'))
        controller.error(new Error('gone'))
      },
    })
    const init = { method: 'POST', body: broken, duplex: 'half' } as RequestInit
    await expect(tenant.api('/ledger/ingest', init)).rejects.toThrow()
  })
})

describe('a field that the mapping does not know', () => {
  test('is warned of when it is ingested, and fails the run as schema_mismatch, naming record and field', async () => {
    const strange = await openTenant(stack, 'strange')
    await createProfile(strange)
    const file = join(strange.directory, 'strange.jsonl')
    const strangers = ['STRANGE-1', 'STRANGE-2'].map((id) =>
      advisory(id, { affected: [{ package: { name: 'a', ecosystem: 'npm' }, surprise: 1 }] }),
    )
    await writeFile(file, [...strangers, advisory('STRANGE-3')].join('\n'))
    const warned = await strange.stella('ingest', file)
    expect(warned).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('OSV /affected/*/surprise (2, first in STRANGE-1)'),
    })
    expect((await ingest(strange, file)).not_held).toEqual([
      {
        format: 'OSV',
        path: '/affected/*/surprise',
        documents: 2,
        record: 'STRANGE-1',
        reason: 'osv-1.7 has no mapping for this member',
      },
    ])
    const outcome = await strange.stella('export', 'run', 'create', '--profile', 'prof_json_raw', '--wait', '--json')
    expect(outcome.code).toBe(8)
    const { items } = await strange.json<{ items: Run[] }>('export', 'run', 'list')
    expect(items[0]).toMatchObject({ state: 'failed', error_class: 'schema_mismatch', bundle: null })
    expect(items[0]?.error_message).toMatch(
      /record STRANGE-1, field \/affected\/0\/surprise.*also record STRANGE-2, field \/affected\/0\/surprise/,
    )
    expect((await strange.api(`/export/runs/${items[0]?.id}/download`)).status).toBe(409)
  })
})

describe('a credential in evidence', () => {
  test('is redacted from records and named in the manifest; an SBOM with one is withheld', async () => {
    const leaky = await openTenant(stack, 'leaky')
    await createProfile(leaky)
    const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
    await post(leaky, advisory('LEAK-1', { details: `pushed with ${token} by mistake` }))
    const sbom = {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: { type: 'application', name: token } },
      components: [],
    }
    await post(leaky, JSON.stringify(sbom))

    const bundle = join(leaky.directory, 'leaky.tar.zst')
    await leaky.json('export', 'run', 'create', '--profile', 'prof_json_raw', '--wait', '--download', bundle)
    const { items } = await leaky.json<{ items: Run[] }>('export', 'run', 'list')
    const manifest = await (await leaky.api(`/export/runs/${items[0]?.id}/manifest`)).json()
    expect((manifest as { content: { withheld: { kind: string; action: string }[] } }).content.withheld).toEqual([
      expect.objectContaining({ kind: 'advisory', record: 'LEAK-1', pointer: '/details', action: 'redact' }),
      expect.objectContaining({ kind: 'sbom', action: 'withhold' }),
    ])
    expect((await leaky.stella('export', 'verify', bundle)).code).toBe(0)
    expect((await readFile(bundle)).includes(token)).toBe(false)
  })
})

describe('a JSON body that its sender calls something else', () => {
  const body = '{"profile_id":"prof_json_raw"}'
  const send = (headers: Record<string, string>) => tenant.api('/export/plans', { method: 'POST', body, headers })

  test.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=iso-8859-1' },
    { 'content-encoding': 'gzip' },
  ])('%j is answered 415, and told what to send', async (headers) => {
    const answer = await send(headers)
    const { code, detail } = (await answer.json()) as ProblemBody
    expect([answer.status, code, detail]).toEqual([
      415,
      'request/unsupported-media-type',
      expect.stringMatching(/: send /),
    ])
  })

  test.each([{ 'content-type': 'Application/JSON; charset="UTF-8"' }, { 'content-encoding': 'identity' }])(
    'but in other words %j is taken',
    async (headers) => {
      expect((await send(headers)).status).toBe(200)
    },
  )
})

describe('what is wrong in a request', () => {
  test.each([
    ['/export/runs?limit=0', 'limit: must be at least 1'],
    ['/export/runs?limit=many', 'limit: must be a number'],
    ['/export/runs?limit=1.5', 'limit: must be a whole number'],
    ['/export/runs?from=yesterday', 'from: must be a time with its offset, as 2024-01-31T00:00:00Z'],
    ['/export/runs?state=lost&x=1', /^state: must be one of "queued", .*; the query: has no x: leave it out/],
  ])('%s: is said once, with what to do', async (path, detail) => {
    const said = ((await (await tenant.api(path)).json()) as ProblemBody).detail
    if (typeof detail === 'string') expect(said).toBe(detail)
    else expect(said).toMatch(detail)
  })

  test.each([
    [
      '{"name":"x","kind":"json","variant":"raw","config":{"sharding":{"max_bytes":1}}}',
      'config.sharding.max_bytes: must be at least 4096',
    ],
    [
      '{"name":7,"kind":"json"}',
      'name: must be a string, not a number; variant: must be one of "raw", "db", "java-db", "full", "delta"',
    ],
    ['[]', 'the body: must be an object, not an array'],
    ['{"a":[{"b":1},{"b":{"c":1,"\\u0063":2}}]}', 'a.1.b.c: is given more than once'],
  ])('%s: is said by field', async (body, detail) => {
    const answer = await tenant.api('/export/profiles', { method: 'POST', body })
    expect([answer.status, ((await answer.json()) as ProblemBody).detail]).toEqual([400, detail])
  })
})

describe('a bad request', () => {
  beforeAll(async () => {
    const config = { filters: { time_to: '2024-01-01T00:00:00Z' } }
    const body = JSON.stringify({ name: 'until 2024', kind: 'json', variant: 'raw', config })
    expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
  })

  test.each([
    ['POST', '/export/profiles', '{', 400, 'request/invalid'],
    ['POST', '/export/profiles', '{"name":"x","kind":"json","variant":"raw","surprise":1}', 400, 'request/invalid'],
    ['POST', '/export/profiles', `{"name":"${'x'.repeat(2e6)}"}`, 413, 'request/too-large'],
    ['POST', '/export/profiles', '{"name":"json raw","kind":"json","variant":"raw"}', 409, 'resource/conflict'],
    ['POST', '/export/runs', '{"profile_id":"prof_absent"}', 404, 'resource/not-found'],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"include":["findings"]}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"time_from":"2025-02-01T00:00:00Z","time_to":"2025-01-01T00:00:00Z"}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"time_from":"0000-01-01T00:00:00Z"}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"time_to":"9999-12-31T23:59:59-14:00"}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_until_2024","filters":{"time_from":"2025-01-01T00:00:00Z"}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"packages":["lodash"]}}',
      400,
      'request/invalid',
    ],
    [
      'POST',
      '/export/runs',
      '{"profile_id":"prof_json_raw","filters":{"products":["a\\u0000b"]}}',
      400,
      'request/invalid',
    ],
    ['POST', '/ledger/ingest?source_uri=https://bob:hunter2@feeds.example/osv', '{}', 400, 'request/invalid'],
    ['POST', '/ledger/ingest?source_uri=https://feeds.example/osv?access_token=abc', '{}', 400, 'request/invalid'],
    ['POST', '/ledger/ingest?source_uri=%00', '{}', 400, 'request/invalid'],
    ['POST', '/ledger/ingest?source_uri=feeds', '{}', 400, 'request/invalid'],
    ['POST', '/ledger/ingest?source_uri=javascript:%20%3Cb%3E', '{}', 400, 'request/invalid'],
    ['GET', '/export/runs?from=0000-01-01T00:00:00Z', null, 400, 'request/invalid'],
    ['GET', '/export/runs?from=2024-01-01T00:00:00-16:00', null, 400, 'request/invalid'],
    ['GET', '/export/runs?limit=100000', null, 400, 'request/invalid'],
    ['GET', '/export/runs?cursor=!!', null, 400, 'request/invalid'],
    ['GET', '/export/runs?cursor=AAAA', null, 400, 'request/invalid'],
    ['GET', `/export/runs/${'x'.repeat(5000)}`, null, 404, 'resource/not-found'],
    ['GET', '/export/runs/%00', null, 404, 'resource/not-found'],
    ['GET', '/nowhere', null, 404, 'resource/not-found'],
    ['POST', '/ledger/ingest', null, 400, 'request/invalid'],
    ['POST', '/export/runs', '{"profile_id":"prof_json_raw","profile_id":"prof_until_2024"}', 400, 'request/invalid'],
    ['GET', '/export/runs?profile_id=%ff', null, 400, 'request/invalid'],
  ])('%s %s is answered as a problem', async (method, path, body, status, code) => {
    const answer = await tenant.api(path, { method, body })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code])
  })
})
