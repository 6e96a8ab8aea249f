import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { PublicKey } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root, textOf } from '../source-files.ts'
import { lacksJudge } from '../support/judge.ts'
import { markdownTable } from '../support/markdown-table.ts'
import { Reader } from '../support/reader.ts'
import { openTenant, post, type Tenant } from '../support/tenant.ts'
import { jarIndex } from '../support/trivy-jars.ts'
import { image } from '../support/trivy-materials.ts'
import { type TrivyTarget, trivyTargets } from '../support/trivy-targets.ts'

const VECTORS = {
  LOW: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N',
  HIGH: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N',
}
const VERSIONS = ['0.58.1', '0.71.2']
/** The table in the docs has a row for each target, and in its last columns how many vulnerabilities each version of Trivy found. */
const PAGE = 'docs/export-center/trivy-adapter.md'
const found = new Map<string, number>()
let stack: TestStack
let tenant: Tenant
let bundles: readonly Bundle[]

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'scans')
  await post(
    tenant,
    trivyTargets
      .flatMap(advisoriesOf)
      .map((advisory) => JSON.stringify(advisory))
      .join('\n'),
  )
  await post(tenant, jarIndex, '?format=maven-index')
  bundles = [await exportBundle('db', 'trivy.db'), await exportBundle('java-db', 'trivy-java.db')]
  for (const { file, content } of trivyTargets) writeFileSync(join(tenant.directory, file), content)
})
afterAll(() => stack?.stop())

/** An export of a database: the bundle, what it holds as tar unpacks it, and the database as Trivy keeps it. */
interface Bundle {
  readonly path: string
  readonly tree: string
  readonly variant: string
  readonly file: string
  /** SHA-256 of the database. */
  readonly hash: string
}

async function exportBundle(variant: string, file: string): Promise<Bundle> {
  const profile = { name: variant, kind: 'trivy', variant, config: { trivy: { oci: true } } }
  const created = await tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(profile) })
  const { id } = (await created.json()) as { id: string }
  const path = join(tenant.directory, `${variant}.tar.zst`)
  await tenant.json('export', 'run', 'create', '--profile', id, '--wait', '--download', path)
  const tree = join(tenant.directory, variant)
  mkdirSync(tree)
  execFileSync('tar', ['--zstd', '-xf', path, '-C', tree])
  const unpacked = execFileSync('tar', ['-xzOf', join(tree, `trivy/${variant}.bundle`), file], { maxBuffer: 1e9 })
  return { path, tree, variant, file, hash: sha256(unpacked) }
}

const severityAt = (at: number) => (at % 2 === 0 ? 'HIGH' : 'LOW')
const programOf = (version: string) => `trivy-${version}`
/** Each version has a home of its own: they do not share what else they keep there. */
const homeOf = (version: string) => join(tenant.directory, `home-${version}`)

/** Two advisories about a package: what is installed is affected by one of them, and the first that the other does not affect. */
function advisoriesOf({ id, ecosystem, name, installed, fixed }: TrivyTarget, at: number): object[] {
  const advisory = (id: string, cve: string, fixed: string) => ({
    schema_version: '1.7.0',
    id,
    modified: '2025-01-01T00:00:00Z',
    aliases: [cve],
    summary: `a flaw in ${name}`,
    severity: [{ type: 'CVSS_V3', score: VECTORS[severityAt(at)] }],
    affected: [
      { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
    ],
  })
  return [advisory(id, `CVE-2024-${1000 + at}`, fixed), advisory(`OLD-${at}`, `CVE-2023-${1000 + at}`, installed)]
}

interface Found {
  readonly VulnerabilityID: string
  readonly InstalledVersion: string
  readonly FixedVersion: string
  readonly Severity: string
  readonly Title: string
  readonly DataSource: { readonly Name: string }
}

interface Scan {
  readonly version: string
  readonly network: boolean
  readonly more?: readonly string[]
}

const redHat8 = {
  ecosystem: 'Red Hat:enterprise_linux:8::baseos',
  family: 'redhat',
  release: '8.9',
  purl: 'rpm/redhat',
}

/** Lets a version of Trivy scan a file, with nothing set but `HOME`. */
function runTrivy(file: string, { version, network, more = [] }: Scan) {
  const isRoot = process.getuid?.() === 0
  const closed = network || !isRoot ? [] : ['unshare', '--net']
  const kind = file.endsWith('.cdx.json') ? 'sbom' : file.endsWith('.jar') ? 'rootfs' : 'fs'
  const command = [...closed, programOf(version), kind, '--scanners', 'vuln', '--format', 'json', '--quiet', ...more]
  const [program = '', ...args] = [...command, join(tenant.directory, file)]
  const { PATH = '' } = process.env
  return spawnSync(program, args, { env: { PATH, HOME: homeOf(version) }, encoding: 'utf8' })
}

/** What a version of Trivy finds in a target. */
function scan({ file }: TrivyTarget, how: Scan): Found[] {
  const { status, stdout, stderr } = runTrivy(file, how)
  expect([status, stderr]).toEqual([0, ''])
  const { Results = [] } = JSON.parse(stdout) as { Results?: { Vulnerabilities?: Found[] }[] }
  return Results.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities)
}

function expected({ name, installed, fixed, source }: TrivyTarget, at: number): object[] {
  return [
    expect.objectContaining({
      VulnerabilityID: `CVE-2024-${1000 + at}`,
      InstalledVersion: installed,
      FixedVersion: fixed,
      Severity: severityAt(at),
      Title: `a flaw in ${name}`,
      ...(source === null ? {} : { DataSource: expect.objectContaining({ Name: source }) }),
    }),
  ]
}

const each = trivyTargets.map((target, at) => [target.ecosystem, target.file, target, at] as const)
const lacking = VERSIONS.filter((version) => lacksJudge(programOf(version), `build Trivy ${version} as .ci/run does`))

describe.each(VERSIONS)('to Trivy %s, with no network, flag or setting', (version) => {
  const lacksTrivy = lacking.includes(version)

  beforeAll(async () => {
    const cache = join(homeOf(version), '.cache/trivy')
    mkdirSync(homeOf(version))
    for (const { path } of bundles)
      expect((await tenant.stella('trivy', 'install', path, '--cache-dir', cache)).code).toBe(0)
  })

  test.skipIf(lacksTrivy).each(each)('%s, %s: what the document states, and nothing else', (_, file, target, at) => {
    const vulnerabilities = scan(target, { version, network: false })
    found.set(`${version} ${file}`, vulnerabilities.length)
    expect(vulnerabilities).toEqual(expected(target, at))
  })

  test.skipIf(lacksTrivy)(
    'a release of Red Hat that no document is about fails to be scanned, instead of being called clean',
    () => {
      const content = image({ ...redHat8, source: null, installed: '1-1', fixed: '2-1' }).content
      writeFileSync(join(tenant.directory, 'redhat-8.cdx.json'), content)
      const { status, stderr } = runTrivy('redhat-8.cdx.json', { version, network: false })
      expect([status, stderr]).toEqual([1, expect.stringContaining('unable to find CPE indices')])
    },
  )

  test.skipIf(lacksTrivy)('the databases are left as they were', () => {
    for (const { variant, file, hash } of bundles)
      expect(sha256(readFileSync(join(homeOf(version), '.cache/trivy', variant, file)))).toBe(hash)
  })
})

// After a change of the targets or versions: npx vitest run --project tests tests/interop/trivy.test.ts --update
test.skipIf(lacking.length > 0)('the docs print what each version found in each target', async () => {
  const head = ['of', 'target', 'installed', 'fixed', 'source', ...VERSIONS.map((version) => `found by ${version}`)]
  const rows = trivyTargets.map(({ ecosystem, file, installed, fixed, source }) => [
    ...[ecosystem, `\`${file}\``, installed, fixed, source ?? 'Trivy names none'],
    ...VERSIONS.map((version) => `${found.get(`${version} ${file}`)} of 1`),
  ])
  const table = /(?<=<!-- targets -->\n)[\s\S]*(?=<!-- end -->)/
  const page = textOf(PAGE).replace(table, () => `\n${markdownTable([head, ...rows])}\n`)
  await expect(page).toMatchFileSnapshot(join(root, PAGE))
})

describe.skipIf(
  lacking.length > 0 || lacksJudge('crane', 'go install github.com/google/go-containerregistry/cmd/crane@v0.22.1'),
)('through a registry', () => {
  test('crane pushes the OCI layouts, and Trivy pulls its databases from there', async () => {
    const registry = spawn('crane', ['registry', 'serve', '--address', '127.0.0.1:0'])
    try {
      const [line] = await once(registry.stderr, 'data')
      const host = `127.0.0.1:${String(line).match(/serving on port (\d+)/)?.[1]}`
      for (const { tree, variant } of bundles) {
        const tag = variant === 'db' ? 2 : 1
        execFileSync('crane', ['push', join(tree, 'trivy/oci'), `${host}/${variant}:${tag}`], { stdio: 'pipe' })
      }
      requirePulled('crane', ['--db-repository', `${host}/db`, '--java-db-repository', `${host}/java-db`])
    } finally {
      registry.kill()
    }
  })
})

describe.skipIf(lacking.length > 0)('through the mirror reader', () => {
  test('it serves the databases that were imported, and Trivy pulls them from there', async () => {
    const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
    const key = join(tenant.directory, 'reader.pem')
    writeFileSync(key, keys[0]?.pem ?? '')
    const reader = new Reader(() => key)
    for (const { path } of bundles) expect(await reader.import(path)).toMatchObject({ code: 0, stderr: '' })
    const { url, stop } = await reader.serve()
    try {
      const host = new URL(url).host
      requirePulled('reader', ['--db-repository', `${host}/trivy-db`, '--java-db-repository', `${host}/trivy-java-db`])
      for (const path of ['/v2/other/manifests/2', '/v2/trivy-db/manifests/9', '/v2/trivy-db/blobs/..%2fx']) {
        expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 404])
      }
      expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready', mirror: null })
    } finally {
      await stop()
    }
  })
})

/** Scans some targets with databases that each Trivy pulls first, which must be those that were exported. */
function requirePulled(name: string, repositories: readonly string[]): void {
  for (const version of VERSIONS) {
    const cache = join(tenant.directory, `pulled-${name}-${version}`)
    const more = [...repositories, '--cache-dir', cache]
    for (const [, , target, at] of [...each.slice(0, 2), ...each.slice(-2)]) {
      expect(scan(target, { version, network: true, more })).toEqual(expected(target, at))
    }
    for (const { variant, file, hash } of bundles) expect(sha256(readFileSync(join(cache, variant, file)))).toBe(hash)
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
