import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { lacksJudge } from '../support/judge.ts'
import { openTenant, post, type Tenant, until } from '../support/tenant.ts'
import { type TrivyTarget, trivyTargets } from '../support/trivy-targets.ts'

const VECTORS = {
  LOW: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N',
  HIGH: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N',
}
let stack: TestStack
let tenant: Tenant
let tree: string
let home: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'scans')
  await post(tenant, trivyTargets.map((target, at) => JSON.stringify(advisoryOf(target, at))).join('\n'))
  const profile = { name: 'trivy', kind: 'trivy', variant: 'db', config: { trivy: { oci: true } } }
  await tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(profile) })
  const bundle = join(tenant.directory, 'trivy.tar.zst')
  await tenant.json('export', 'run', 'create', '--profile', 'prof_trivy', '--wait', '--download', bundle)
  tree = join(tenant.directory, 'tree')
  home = join(tenant.directory, 'home')
  for (const folder of [tree, home]) mkdirSync(folder)
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
  expect((await tenant.stella('trivy', 'install', bundle, '--cache-dir', join(home, '.cache/trivy'))).code).toBe(0)
  for (const { file, content } of trivyTargets) writeFileSync(join(tenant.directory, file), content)
})
afterAll(() => stack?.stop())

const severityAt = (at: number) => (at % 2 === 0 ? 'HIGH' : 'LOW')

/** Affected before the fix; a second advisory speaks of versions that are not installed. */
function advisoryOf({ ecosystem, name, fixed }: TrivyTarget, at: number): object {
  return {
    schema_version: '1.7.0',
    id: `x_SCAN-${at}`,
    modified: '2025-01-01T00:00:00Z',
    aliases: [`CVE-2024-${1000 + at}`],
    summary: `a flaw in ${name}`,
    severity: [{ type: 'CVSS_V3', score: VECTORS[severityAt(at)] }],
    affected: [
      { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
      {
        package: { ecosystem, name: 'not-installed' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
      },
    ],
  }
}

interface Found {
  readonly VulnerabilityID: string
  readonly InstalledVersion: string
  readonly FixedVersion: string
  readonly Severity: string
  readonly Title: string
}

/** What Trivy finds in a target, with nothing set but `HOME`. */
function scan({ file }: TrivyTarget, { network, more = [] }: { network: boolean; more?: string[] }): Found[] {
  const isRoot = process.getuid?.() === 0
  const closed = network || !isRoot ? [] : ['unshare', '--net']
  const kind = file.endsWith('.cdx.json') ? 'sbom' : 'fs'
  const command = [...closed, 'trivy', kind, '--scanners', 'vuln', '--format', 'json', '--quiet', ...more]
  const [program = '', ...args] = [...command, join(tenant.directory, file)]
  const { PATH = '' } = process.env
  const { status, stdout, stderr } = spawnSync(program, args, { env: { PATH, HOME: home }, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  const { Results = [] } = JSON.parse(stdout) as { Results?: { Vulnerabilities?: Found[] }[] }
  return Results.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities)
}

function expected({ name, installed, fixed }: TrivyTarget, at: number): object[] {
  return [
    expect.objectContaining({
      VulnerabilityID: `CVE-2024-${1000 + at}`,
      InstalledVersion: installed,
      FixedVersion: fixed,
      Severity: severityAt(at),
      Title: `a flaw in ${name}`,
    }),
  ]
}

const each = trivyTargets.map((target, at) => [target.ecosystem, target, at] as const)
const lacksTrivy = lacksJudge('trivy', 'build Trivy 0.58.1 as .ci/run does')

describe.skipIf(lacksTrivy)('to Trivy, with no network, flag or setting', () => {
  test.each(each)('%s: what the document states is found, and nothing else', (_, target, at) => {
    expect(scan(target, { network: false })).toEqual(expected(target, at))
  })

  test('the database is left as it was', () => {
    const installed = readFileSync(join(home, '.cache/trivy/db/trivy.db'))
    const exported = execFileSync('tar', ['-xzOf', join(tree, 'trivy/db.bundle'), 'trivy.db'], { maxBuffer: 1e9 })
    expect(sha256(installed)).toBe(sha256(exported))
  })
})

describe.skipIf(
  lacksTrivy || lacksJudge('crane', 'go install github.com/google/go-containerregistry/cmd/crane@v0.22.1'),
)('through a registry', () => {
  test('crane pushes the OCI layout, and Trivy pulls its database from there', async () => {
    const port = await freePort()
    const registry = spawn('crane', ['registry', 'serve', '--address', `127.0.0.1:${port}`], { stdio: 'ignore' })
    try {
      const repository = `127.0.0.1:${port}/trivy-db`
      await until(async () => (await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null)) && true)
      execFileSync('crane', ['push', join(tree, 'trivy/oci'), `${repository}:2`], { stdio: 'pipe' })
      const cache = join(tenant.directory, 'pulled')
      const more = ['--db-repository', repository, '--cache-dir', cache]
      for (const [, target, at] of each.slice(0, 2)) {
        expect(scan(target, { network: true, more })).toEqual(expected(target, at))
      }
      const digest = sha256(readFileSync(join(cache, 'db/trivy.db')))
      expect(digest).toBe(sha256(readFileSync(join(home, '.cache/trivy/db/trivy.db'))))
    } finally {
      registry.kill()
    }
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A port of the loopback address that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
