import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root } from './source-files.ts'
import { lacksJudge } from './support/judge.ts'
import { ingest, openTenant } from './support/tenant.ts'

const golden = join(root, 'tests/golden/trivy')
let stack: TestStack
let tree: string

beforeAll(async () => {
  stack = await startTestStack()
  const tenant = await openTenant(stack, 'golden')
  const summary = await ingest(tenant, join(golden, 'documents.jsonl'))
  expect(summary).toMatchObject({ read: 53, new: 53, refused: [] })
  const profile = JSON.stringify({ name: 'trivy', kind: 'trivy', variant: 'db' })
  await tenant.api('/export/profiles', { method: 'POST', body: profile })
  const bundle = join(tenant.directory, 'trivy.tar.zst')
  await tenant.json('export', 'run', 'create', '--profile', 'prof_trivy', '--wait', '--download', bundle)
  tree = join(tenant.directory, 'tree')
  mkdirSync(tree)
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
  execFileSync('tar', ['-xzf', 'trivy/db.bundle'], { cwd: tree })
})
afterAll(() => stack?.stop())

/** A key of the database as bolt-dump prints it: the path of buckets and its value, in base64. */
interface Dumped {
  readonly path: readonly string[]
  readonly value: string | null
}

const text = (base64: string) => Buffer.from(base64, 'base64').toString()

// After a change of the mapping, whose version is then another: npx vitest run --project tests tests/trivy-golden.test.ts --update
describe('documents of every ecosystem and of every odd shape', () => {
  test('that have no place in a Trivy database are named with their reason', async () => {
    const omitted = execFileSync('zstd', ['-dc', join(tree, 'trivy/omitted.jsonl.zst')], { encoding: 'utf8' })
    await expect(omitted).toMatchFileSnapshot(join(golden, 'omitted.jsonl'))
  })

  test.skipIf(lacksJudge('bolt-dump', 'build tests/judges/bolt-dump with go'))(
    'give exactly these keys and values, read by bbolt itself',
    async () => {
      const dump = execFileSync('bolt-dump', [join(tree, 'trivy.db')], { encoding: 'utf8' })
      const entries = dump.split('\n').filter((line) => line !== '')
      const lines = entries
        .map((line) => JSON.parse(line) as Dumped)
        .filter(({ value }) => value !== null)
        .map(({ path, value }) => `${JSON.stringify(path.map(text))} ${text(value ?? '')}\n`)
      await expect(lines.join('')).toMatchFileSnapshot(join(golden, 'database.txt'))
    },
  )
})
