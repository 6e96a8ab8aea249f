import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { MAX_DOCUMENT_DEPTH } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ingest, openTenant, post, type Tenant } from './support/tenant.ts'
import { zip } from './support/zip.ts'

const MIB = 1024 * 1024
const SERIAL = 'urn:uuid:7f2b3f0e-5d3c-4a64-9f2e-3b1a2c4d5e6f'

let stack: TestStack
let tenant: Tenant
let folder: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'containers')
  folder = await mkdtemp(join(tmpdir(), 'stella-containers-'))
})
afterAll(() => stack?.stop())

function advisory(id: string): string {
  return JSON.stringify({ schema_version: '1.7.0', id, modified: '2024-05-06T07:08:09Z', summary: 'x' })
}

/** CycloneDX of one library that does not affect what it is in: a document of two kinds. */
function statement(serial: string): string {
  return JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serial,
    version: 1,
    metadata: { timestamp: '2024-05-06T07:08:09Z', component: { type: 'application', name: 'shop', version: '1' } },
    components: [{ type: 'library', name: 'parse', version: '3', 'bom-ref': 'lib', purl: 'pkg:npm/parse@3' }],
    vulnerabilities: [
      {
        id: 'CVE-2024-1',
        analysis: { state: 'not_affected', justification: 'code_not_reachable' },
        affects: [{ ref: 'lib' }],
      },
      { id: 'CVE-2024-2', affects: [{ ref: 'lib' }] },
    ],
  })
}

describe('an archive', () => {
  test('goes in from a file, a folder and the API alike', async () => {
    const archive = zip([
      ['feeds/', ''],
      ['feeds/one.json', advisory('ZIP-1')],
      ['feeds/many.jsonl', `${advisory('ZIP-2')}\n${advisory('ZIP-3')}\n`],
    ])
    const path = join(folder, 'all.zip')
    await writeFile(path, archive)
    expect(await ingest(tenant, path)).toMatchObject({ read: 3, new: 3, refused: [] })
    expect(await ingest(tenant, folder)).toMatchObject({ read: 3, unchanged: 3, refused: [] })
    expect((await post(tenant, archive)).summary).toMatchObject({ read: 3, unchanged: 3, refused: [] })
    const packed = gzipSync(advisory('GZIP-1'))
    expect((await post(tenant, packed)).summary).toMatchObject({ read: 1, new: 1 })
  })

  test('gives by standard input the summary that the file gives', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'stella-piped-')), 'piped.zip')
    const members = [
      ['one.json', advisory('PIPE-1')],
      ['cut.json', '{'],
      ['shop.cdx.json', statement(SERIAL)],
    ] as const
    await writeFile(path, zip(members.map(([name, content]) => [name, content])))
    const [file, piped] = await Promise.all(['by-file', 'by-pipe'].map((id) => openTenant(stack, id)))
    const given = await file?.stella('ingest', path, '--json')
    const read = await piped?.pipe(path, 'ingest', '-', '--json')
    expect([given?.code, read?.code]).toEqual([0, 0])

    const summary = JSON.parse(read?.stdout ?? '')
    expect(summary).toMatchObject({ read: 3, new: 2, refused: [{ source: 'cut.json', position: '1:1' }] })
    expect(summary.not_held).toEqual([{ format: 'CycloneDX', path: '/vulnerabilities/*', documents: 1 }])
    // Sent as a member of a tar, the archive has its own name in front.
    const refused = summary.refused.map((one: object) => ({ ...one, source: `${path.slice(1)}/cut.json` }))
    expect(JSON.parse(given?.stdout ?? '')).toEqual({ ...summary, refused })
  }, 60_000)

  test('of a document of two kinds counts it once, and names the vulnerability that states nothing', async () => {
    const archive = zip([['shop.cdx.json', statement(SERIAL)]])
    const { summary } = await post(tenant, archive)
    expect(summary).toMatchObject({ read: 1, new: 1, refused: [] })
    expect(summary?.not_held).toEqual([{ format: 'CycloneDX', path: '/vulnerabilities/*', documents: 1 }])
    expect((await post(tenant, archive)).summary).toMatchObject({ read: 1, unchanged: 1, revision: summary?.revision })
  })
})

describe('a hostile archive', () => {
  test('is refused member by member, and the rest goes in', async () => {
    const deep = `{"id":"DEEP","modified":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    const hostile = zip([
      ['../outside.json', advisory('OUT-1')],
      ['/absolute.json', advisory('OUT-2')],
      ['long.json', Buffer.concat([Buffer.from('{"id":"'), Buffer.alloc(100 * MIB, 'x'), Buffer.from('"}')])],
      ['deep.json', deep],
      ['bomb.jsonl', Buffer.alloc(40 * MIB, '\n')],
      ['twice.json', advisory('TWICE-1')],
      ['twice.json', advisory('TWICE-2')],
      ['inner.zip', zip([['a.json', advisory('INNER-1')]])],
      ['good.json', advisory('GOOD-1')],
    ])
    const path = join(folder, 'hostile.zip')
    await writeFile(path, hostile)
    const { refused, ...summary } = await ingest(tenant, path)
    expect(summary).toMatchObject({ read: 9, new: 2 })
    const told = refused.map(({ source, reason }) => `${source.split('hostile.zip/')[1]}: ${reason}`)
    expect(told).toEqual([
      '../outside.json: a name that is absolute or holds `..`, and so may lead outside the archive',
      '/absolute.json: a name that is absolute or holds `..`, and so may lead outside the archive',
      expect.stringMatching(/^long\.json: .*more than 200 times its size|^long\.json: larger than the limit/),
      `deep.json: nested more than ${MAX_DOCUMENT_DEPTH} levels deep`,
      'bomb.jsonl: decompresses to more than 200 times its size, the limit',
      'twice.json: a name that the archive had before',
      expect.stringMatching(/^inner\.zip: an archive within two others/),
    ])
  })

  test('that is cut off names itself', async () => {
    const path = join(folder, 'cut.zip')
    await writeFile(path, (await readFile(join(folder, 'all.zip'))).subarray(0, -30))
    const outcome = await tenant.stella('ingest', path, '--json')
    expect(outcome.code).toBe(8)
    expect(JSON.parse(outcome.stdout).refused).toEqual([
      {
        source: expect.stringMatching(/cut\.zip$/),
        position: expect.stringMatching(/^byte \d+$/),
        reason: expect.stringMatching(/cut off/),
      },
    ])
  })
})
