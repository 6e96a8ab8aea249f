import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { manyAdvisories } from '../support/many-advisories.ts'
import { createMirrorProfiles, exportMirror, publicKeyFile } from '../support/mirror.ts'
import { Reader } from '../support/reader.ts'
import { ingest, openTenant, samples, type Tenant } from '../support/tenant.ts'

const KILLS = 50
const ALLOWED = ['--allow-rollback', '--allow-other']
/** Of the others all have one time and are in one part, and some of the samples in another. */
const PART_BYTES = 131_072
/** Longest time until an import is killed, as a part of what a whole one takes. */
const LONGEST = 1.5

let stack: TestStack
let tenant: Tenant
let key: string
let mirror: string
let delta: string
/** What the delta makes, in parts. */
let parts: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'reader-kills')
  await createMirrorProfiles(tenant)
  writeFileSync(join(tenant.directory, 'many.jsonl'), manyAdvisories(14_000))
  await ingest(tenant, join(tenant.directory, 'many.jsonl'))
  mirror = join(tenant.directory, 'mirror.tar.zst')
  const { id } = await exportMirror(tenant, 'full', mirror)
  await ingest(tenant, join(samples, 'advisories'))
  delta = join(tenant.directory, 'delta.tar.zst')
  await exportMirror(tenant, 'delta', delta, '--base', id)
  const config = { sharding: { max_bytes: PART_BYTES, by: 'time' } }
  const body = JSON.stringify({ name: 'mirror parts', kind: 'mirror', variant: 'full', config })
  expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
  parts = join(tenant.directory, 'parts')
  const asked = ['--profile', 'prof_mirror_parts', '--download', parts]
  expect((await tenant.json<Run>('export', 'run', 'create', ...asked)).parts?.length).toBeGreaterThan(1)
  key = await publicKeyFile(tenant)
})
afterAll(() => stack?.stop())

test.each([
  ['a delta', () => delta],
  ['one in parts', () => parts],
])(
  `an import of a mirror, or of %s, that is killed ${KILLS} times leaves the mirror before it or the new one, whole, and never a mix`,
  async (_, second) => {
    const reader = new Reader(() => key)
    expect((await reader.import(mirror)).code).toBe(0)
    const began = performance.now()
    expect((await reader.import(second(), ...ALLOWED)).code).toBe(0)
    const longestMs = LONGEST * (performance.now() - began)
    const { url, stop } = await reader.serve()
    const seen = new Set<unknown>()
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const { generation } = await standing(url)
        const next = generation === 1 ? second() : mirror
        await reader.killedImport(next, 100 + (longestMs * kill) / KILLS, ...ALLOWED)
        const after = await standing(url)
        seen.add(after.generation)
        // What the delta makes and the parts hold the samples; both hold every one of the others.
        const isSecond = after.generation === 2
        expect((await fetch(`${url}/advisories?alias=CVE-2021-23337`).then(items)).length).toBe(isSecond ? 1 : 0)
        for (const number of [0, 6999, 13_999])
          expect((await fetch(`${url}/advisories/MANY-${number}`)).status).toBe(200)
      }
      expect([...seen].sort()).toEqual([1, 2])
      expect((await reader.import(mirror, ...ALLOWED)).code).toBe(0)
      expect(reader.generations().filter((name) => name.startsWith('.'))).toEqual([])
      expect(reader.generations().length).toBeLessThanOrEqual(2)
    } finally {
      await stop()
    }
  },
)

async function standing(url: string): Promise<{ generation: number }> {
  return ((await (await fetch(`${url}/health/ready`)).json()) as { mirror: { generation: number } }).mirror
}

async function items(response: Response): Promise<unknown[]> {
  return ((await response.json()) as { items: unknown[] }).items
}
