import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { testConnection } from './testing/test-connection.ts'
import { writeDocuments } from './write-documents.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stella-pack-'))
})
afterAll(() => rm(directory, { recursive: true }))

type Row = readonly [key: string, folder: string, content: string]

function options(rows: readonly Row[]) {
  const values = rows.map(([key, folder, content]) => `('${key}', '${folder}', '${content}')`)
  return {
    connection: testConnection(),
    tenantId: 'packers',
    query: `select key, folder, 'sbom.cdx.json', content::bytea, sha256(content::bytea)
      from (values ${values.join()}) documents (key, folder, content) order by key collate "C"`,
    maxWithheld: 10,
    path: join(directory, 'pack'),
  }
}

describe('writeDocuments()', () => {
  test('packs documents end to end, byte for byte', async () => {
    const rows: Row[] = [
      ['a', 'app_1.0', '{ "one": 1 }\n'],
      ['b', 'web', '{}'],
    ]
    const written = await writeDocuments(options(rows))
    const pack = await readFile(join(directory, 'pack'))
    expect(pack.toString()).toBe('{ "one": 1 }\n{}')
    expect(written).toEqual({
      sizeBytes: 15,
      sha256: createHash('sha256').update(pack).digest('hex'),
      members: rows.map(([, folder, content], index) => ({
        path: `sboms/${folder}/sbom.cdx.json`,
        offset: index * 13,
        sizeBytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      })),
      withheld: [],
    })
  })

  test('withholds a document with a credential', async () => {
    const { members, withheld } = await writeDocuments(options([['a', 'a', `{"t":"npm_${'a1'.repeat(18)}"}`]]))
    expect(members).toEqual([])
    expect(withheld).toEqual([{ recordKey: 'a', detector: 'npm-token', pointer: null, action: 'withhold' }])
  })

  test('rejects a folder that would leave the export, with the record', async () => {
    const rejection = writeDocuments(options([['a', '..', '{}']]))
    await expect(rejection).rejects.toMatchObject({ code: 'record/schema-mismatch', recordKey: 'a' })
  })

  test('rejects with native/cancelled when the signal is raised', async () => {
    const query = `select 'k', 'f', 's', ''::bytea, sha256('') from pg_sleep(600)`
    const rejection = writeDocuments({ ...options([['a', 'a', '']]), query }, AbortSignal.timeout(100))
    await expect(rejection).rejects.toMatchObject({ code: 'native/cancelled' })
  })
})
