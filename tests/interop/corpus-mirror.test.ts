import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import type { PublicKey, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { root } from '../source-files.ts'
import { corpus, ingest, openTenant, type Tenant } from '../support/tenant.ts'

const SAMPLED = 1000
const present = existsSync(corpus)
if (!present) console.warn('SKIPPED: the corpus of real evidence does not lie beside the repository')
const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('SKIPPED: only root can close the network for a process')

interface Package {
  readonly ecosystem: string
  readonly name: string
  readonly purl?: string
}

/** What is looked at of a source document. */
interface Advisory {
  readonly id: string
  readonly withdrawn?: string
  readonly affected?: readonly { readonly package?: Package; readonly versions?: readonly string[] }[]
}

describe.skipIf(!present || !isRoot)('the corpus, mirrored and asked where there is no network', () => {
  let stack: TestStack
  let tenant: Tenant
  let home: string

  beforeAll(async () => {
    stack = await startTestStack()
    tenant = await openTenant(stack, 'corpus-mirror')
    const body = JSON.stringify({ name: 'mirror full', kind: 'mirror', variant: 'full' })
    expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
    for (const folder of ['osv', 'csaf', 'openvex', 'sbom']) await ingest(tenant, join(corpus, folder))
    const bundle = join(tenant.directory, 'corpus.tar.zst')
    const run = await tenant.json<Run>('export', 'run', 'create', '--profile', 'prof_mirror_full', '--download', bundle)
    expect(run.counts).toMatchObject({
      advisories: expect.any(Number),
      vex: expect.any(Number),
      sboms: expect.any(Number),
    })
    const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
    writeFileSync(join(tenant.directory, 'key.pem'), keys[0]?.pem ?? '')
    home = mkdtempSync(join(tmpdir(), 'stella-corpus-reader-'))
    const imported = JSON.parse(offline('import', bundle, '--key', join(tenant.directory, 'key.pem'))) as {
      counts: object
    }
    expect(imported.counts).toEqual(run.counts)
  }, 300_000)
  afterAll(() => stack?.stop())

  /** Runs the reader in a namespace that has no network at all, not even the loopback address. */
  function offline(...args: string[]): string {
    const command = ['--net', process.execPath, join(root, 'reader/bin/stella-reader.js'), '--root', home, ...args]
    return execFileSync('unshare', command, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
  }

  test(`answers for ${SAMPLED} package versions what the source documents say`, async () => {
    const { advisories, asked } = sample(join(corpus, 'osv/pypi-pypa'))
    expect(asked.length).toBe(SAMPLED)
    const answers = await ask(asked.map(({ name, version }) => `pkg:pypi/${name}@${encodeURIComponent(version)}`))
    const wrong = asked.flatMap(({ name, version }, at) => {
      const expected = advisories.filter((one) => lists(one, name, version)).map(({ id }) => id)
      const found = (answers[at] ?? []).filter((item) => item.verdict === 'affected').map((item) => item.key)
      // Ranges may hold more than is listed; what is listed must be there, and nothing that has neither.
      const missing = expected.filter((id) => !found.includes(id))
      const extra = found.filter(
        (id) =>
          !expected.includes(id) &&
          !answers[at]?.some((item) => item.key === id && !item.reason.endsWith('is listed in versions')),
      )
      return missing.length + extra.length > 0 ? [{ name, version, missing, extra }] : []
    })
    expect(wrong).toEqual([])
    expect(answers.some((items) => items?.some((item) => item.verdict === 'not_affected'))).toBe(true)
  })

  /** Asks a reader that serves in a namespace of its own, over its loopback address. */
  async function ask(purls: readonly string[]): Promise<{ key: string; verdict: string; reason: string }[][]> {
    const asking = join(tenant.directory, 'ask.mjs')
    writeFileSync(
      asking,
      `import { spawn } from 'node:child_process'
const reader = spawn(process.execPath, [process.argv[2], '--root', process.argv[3], 'serve', '--port', '0'])
const { listening } = JSON.parse(String(await new Promise((resolve) => reader.stdout.once('data', resolve))))
for (const purl of JSON.parse(process.argv[4])) {
  const answer = await (await fetch(listening + '/advisories?limit=500&package=' + encodeURIComponent(purl))).json()
  console.log(JSON.stringify(answer.items.map(({ key, verdict, reason }) => ({ key, verdict, reason }))))
}
reader.kill()
`,
    )
    const script = `ip link set lo up && exec "$0" "$@"`
    const args = [
      '--net',
      'sh',
      '-c',
      script,
      process.execPath,
      asking,
      join(root, 'reader/bin/stella-reader.js'),
      home,
    ]
    const child = spawn('unshare', [...args, JSON.stringify(purls)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const answers: { key: string; verdict: string; reason: string }[][] = []
    for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line))
    return answers
  }
})

/** Documents of a folder as they are, and package versions that they list, spread over all of them. */
function sample(folder: string): { advisories: Advisory[]; asked: { name: string; version: string }[] } {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /PYSEC-.*\.(yaml|json)$/.test(name),
  )
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8'))
  const advisories = texts.map((text) => parse(text) as Advisory)
  const listed = advisories.flatMap(({ affected = [] }) =>
    affected.flatMap(({ package: of, versions = [] }) =>
      versions.map((version) => ({ name: normal(of?.name ?? ''), version })),
    ),
  )
  const step = Math.floor(listed.length / SAMPLED)
  return {
    advisories,
    asked: Array.from({ length: SAMPLED }, (_, at) => listed[at * step] as { name: string; version: string }),
  }
}

function lists({ withdrawn, affected = [] }: Advisory, name: string, version: string): boolean {
  if (withdrawn) return false
  return affected.some((one) => normal(one.package?.name ?? '') === name && (one.versions ?? []).includes(version))
}

/** A name as PyPI and its purls have it. */
const normal = (name: string) => name.toLowerCase().replaceAll('_', '-')
