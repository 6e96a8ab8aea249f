import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { IngestSummary, RefusedDocument } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { corpus, createProfile, exportBundle, ingest, openTenant, type Tenant } from './support/tenant.ts'

const present = existsSync(corpus)
if (!present) console.warn('SKIPPED: the corpus of real evidence does not lie beside the repository')

/** What each folder holds: documents read, and how many are refused, each reason counted. */
const folders: [string, { read: number; refused: Record<string, number> }][] = [
  // 4,291 of them lie in go-vulndb-osv.tar.zst; ORIGIN.tsv is refused.
  ['osv', { read: 9363, refused: { 'text that is neither JSON nor YAML': 1 } }],
  [
    'csaf',
    {
      read: 308,
      refused: {
        // Signatures and checksums beside each document.
        'PEM or OpenPGP armour': 94,
        'file of checksums': 94,
        // What a tool may be asked to require of a provider.
        '1:1: a JSON array of documents; write them as JSON lines, one document a line': 11,
        // index.txt, changes.csv and info.txt; security.txt, which YAML can read; an index page.
        'text that is neither JSON nor YAML': 6,
        'a document of an unknown kind': 2,
        HTML: 1,
        'CSAF provider metadata, which names where documents are': 2,
        'ROLIE feed or service, which names where documents are': 1,
        // A template of a feed, and a document with text behind it: broken on purpose.
        '31:12: key must be a string': 1,
        '171:1: text after the end of the document': 1,
      },
    },
  ],
  [
    'openvex',
    {
      read: 142,
      refused: {
        // Two examples that give no time.
        '/timestamp: required, but absent': 2,
        // The indexes of a VEX repository, and an OpenVEX document in YAML; read-me files.
        'a document of an unknown kind': 3,
        'text that is neither JSON nor YAML': 2,
      },
    },
  ],
  [
    'sbom',
    {
      read: 119,
      refused: {
        'CycloneDX 1.1': 1,
        'SPDX 3 JSON-LD': 25,
        'SPDX tag-value': 12,
      },
    },
  ],
]
/** Folders of what is no evidence: every file is refused. */
const others: [string, Record<string, number>][] = [
  [
    'enrich',
    {
      'CVE record': 400,
      'JSON Schema': 1,
      'catalogue of known exploited vulnerabilities': 1,
      'text that is neither JSON nor YAML': 1,
    },
  ],
  // One schema names no `$schema`.
  ['schemas', { 'JSON Schema': 9, 'a document of an unknown kind': 1 }],
]

/** What a refusal is about: the format that is not read, or the place and what is wrong there. */
function matter({ position, reason }: RefusedDocument): string {
  return /^unsupported format: (.*); this version reads/.exec(reason)?.[1] ?? `${position}: ${reason}`
}

function reasonsOf(refused: readonly RefusedDocument[]): Record<string, number> {
  const reasons: Record<string, number> = {}
  for (const document of refused) reasons[matter(document)] = (reasons[matter(document)] ?? 0) + 1
  return reasons
}

describe.runIf(present)('the corpus', () => {
  let stack: TestStack
  let tenant: Tenant

  beforeAll(async () => {
    stack = await startTestStack()
    tenant = await openTenant(stack, 'corpus')
    await createProfile(tenant)
  })
  afterAll(() => stack?.stop())

  test.each(folders)('%s goes in, but for what is refused with its reason', async (folder, expected) => {
    const { read, refused } = await ingest(tenant, join(corpus, folder))
    expect({ read, refused: reasonsOf(refused) }).toEqual(expected)
  })

  test.each(others)('%s is refused file by file', async (folder, expected) => {
    const outcome = await tenant.stella('ingest', join(corpus, folder), '--json')
    expect(outcome.code).toBe(8)
    expect(reasonsOf((JSON.parse(outcome.stdout) as IngestSummary).refused)).toEqual(expected)
  })

  test('changes nothing the second time', async () => {
    const all = folders.map(([folder]) => join(corpus, folder))
    const again = await ingest(tenant, ...all)
    expect(again).toMatchObject({ revision: folders.length, new: 0, changed: 0 })
  })

  test('is exported and verifies; in another tenant, as one batch, it comes out the same', async () => {
    const first = await exportBundle(tenant, 'corpus.tar.zst')
    expect((await tenant.stella('export', 'verify', first.bundle)).code).toBe(0)

    const other = await openTenant(stack, 'corpus-again')
    await createProfile(other)
    await ingest(other, ...folders.map(([folder]) => join(corpus, folder)).toReversed())
    const second = await exportBundle(other, 'corpus.tar.zst')
    expect(second.run.content_root).toBe(first.run.content_root)
    expect(second.run.counts).toEqual(first.run.counts)
  })
})
