import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { RefusedDocument } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { corpus, createProfile, exportBundle, ingest, openTenant, type Tenant } from './support/tenant.ts'

const present = existsSync(corpus)
if (!present) console.warn('SKIPPED: the corpus of real evidence does not lie beside the repository')

/** What each folder holds: documents read, and how many are refused, each reason counted. */
const folders: [string, { read: number; refused: Record<string, number> }][] = [
  ['osv', { read: 5073, refused: { 'text that is neither JSON nor YAML': 1, 'zstd-compressed data': 1 } }],
  [
    'openvex',
    {
      read: 142,
      refused: {
        '/timestamp: required, but absent': 2,
        'CSAF 2.0': 2,
        'SPDX 2.3': 1,
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
        'CycloneDX 1.4 VEX, a document of vulnerabilities without components': 25,
        'CycloneDX XML': 8,
        'SPDX 2.2': 7,
        'SPDX 2.3': 10,
        'SPDX 3 JSON-LD': 25,
        'SPDX tag-value': 12,
      },
    },
  ],
]

/** What a refusal is about: the format that is not read, or the place and what is wrong there. */
function matter({ position, reason }: RefusedDocument): string {
  return /^unsupported format: (.*); this version reads/.exec(reason)?.[1] ?? `${position}: ${reason}`
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
    const reasons: Record<string, number> = {}
    for (const document of refused) reasons[matter(document)] = (reasons[matter(document)] ?? 0) + 1
    expect({ read, refused: reasons }).toEqual(expected)
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
