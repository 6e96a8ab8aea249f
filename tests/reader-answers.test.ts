import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMirrorProfiles, exportMirror, publicKeyFile } from './support/mirror.ts'
import { type Answer, Reader } from './support/reader.ts'
import { ingest, openTenant, type Tenant } from './support/tenant.ts'

/** SBOMs of so many components each are together more than one answer holds. */
const SBOMS = 5
const COMPONENTS = 15_000
/** A changelog of so many entries is not read at once. */
const CHANGES = 6_000

let stack: TestStack
let tenant: Tenant
let key: string
let served: Awaited<ReturnType<Reader['serve']>>
const reader = new Reader(() => key)

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'reader-answers')
  await createMirrorProfiles(tenant)
  for (let number = 0; number < SBOMS; number++) await given(`sbom-${number}`, sbom(number))
  await given('vex', statements)
  await given('first', advisory)
  key = await publicKeyFile(tenant)
  const [full, delta] = [join(tenant.directory, 'full.tar.zst'), join(tenant.directory, 'delta.tar.zst')]
  const { id } = await exportMirror(tenant, 'full', full)
  for (const number of [2, 3]) await given('later', { ...advisory, id: `ANSWER-${number}` })
  const many = Array.from({ length: CHANGES }, (_, at) =>
    JSON.stringify({ id: `MANY-${at}`, modified: advisory.modified }),
  )
  writeFileSync(join(tenant.directory, 'many.jsonl'), many.join('\n'))
  await ingest(tenant, join(tenant.directory, 'many.jsonl'))
  await exportMirror(tenant, 'delta', delta, '--base', id)
  expect((await reader.import(full, delta)).code).toBe(0)
  served = await reader.serve()
})
afterAll(async () => {
  await served?.stop()
  await stack?.stop()
})

const advisory = {
  id: 'ANSWER-1',
  modified: '2030-01-01T00:00:00Z',
  affected: [{ package: { ecosystem: 'PyPI', name: 'Django_Tools' }, versions: ['1.0'] }],
}

/** Products of statements that say less and less of which one is meant, and some that are others. */
const generalProducts = [
  'pkg:rpm/redhat/bash@5.1?arch=x86_64&epoch=0',
  'pkg:rpm/redhat/bash@5.1?arch=x86_64',
  'pkg:rpm/redhat/bash@5.1',
  'pkg:rpm/redhat/bash',
  'pkg:rpm/redhat/bash@5.1?arch=aarch64',
  'pkg:rpm/redhat/bash@5.2',
  'pkg:rpm/redhat/bashful',
]

const PRODUCT = 'pkg:deb/Debian/curl@7.1?distro=debian-11&arch=amd64'
const statements = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex/1',
  author: 'Example',
  timestamp: '2030-01-01T00:00:00Z',
  version: 1,
  statements: [
    { vulnerability: { name: 'CVE-2030-1' }, products: [{ '@id': 'pkg:PyPI/Django_Tools@1.0' }], status: 'fixed' },
    { vulnerability: { name: 'CVE-2030-2' }, products: [{ '@id': PRODUCT }], status: 'fixed' },
    {
      vulnerability: { name: 'CVE-2032-1' },
      products: [{ '@id': 'pkg:oci/image@sha256:ab', subcomponents: [{ '@id': 'pkg:npm/inner' }] }],
      status: 'fixed',
    },
    ...generalProducts.map((product, at) => ({
      vulnerability: { name: `CVE-2031-${at}` },
      products: [{ '@id': product }],
      status: 'fixed',
    })),
  ],
}

function sbom(number: number): object {
  const component = (at: number) => ({ type: 'library', name: `part-${at}`, purl: `pkg:npm/part-${at}@1.0.${number}` })
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', name: `app-${number}`, 'bom-ref': 'app' } },
    components: [
      { type: 'library', name: 'django-tools', purl: 'pkg:PyPI/Django_Tools@1.0?extension=whl' },
      ...Array.from({ length: COMPONENTS }, (_, at) => component(at)),
    ],
  }
}

async function given(name: string, document: object): Promise<void> {
  const path = join(tenant.directory, `${name}.json`)
  writeFileSync(path, JSON.stringify(document))
  await ingest(tenant, path)
}

type Page = Answer & { readonly next: number | null; readonly detail: string }

async function asked(
  path: string,
  method = 'GET',
): Promise<{ status: number; allow: string | null; text: string; body: Page }> {
  const response = await fetch(`${served.url}${path}`, { method })
  const text = await response.text()
  return { status: response.status, allow: response.headers.get('allow'), text, body: JSON.parse(text) as Page }
}

describe('a page', () => {
  test('holds no more than 4 MiB of records, and the next goes on from there', async () => {
    const keys = new Set<string>()
    let pages = 0
    for (let next: number | null = 0; next !== null; pages++) {
      const { text, body } = await asked(`/sboms?component=pkg:npm/part-7&skip=${next}&limit=500`)
      expect(text.length).toBeLessThan(5 << 20)
      expect(body.items.length).toBeGreaterThan(0)
      for (const item of body.items) keys.add(item.key)
      next = body.next
    }
    expect(keys.size).toBe(SBOMS)
    expect(pages).toBeGreaterThan(1)
  })

  test('is asked for on the command line as over HTTP', async () => {
    const all = (await reader.query('package', 'pkg:pypi/django-tools')).items.map((item) => item.key)
    expect(all).toEqual(['ANSWER-1', 'ANSWER-2', 'ANSWER-3'])
    const page = await reader.query('package', 'pkg:pypi/django-tools', '--skip', '1', '--limit', '1')
    expect(page).toMatchObject({ items: [{ key: 'ANSWER-2' }], next: 2 })
    expect(await reader.query('changelog', '--skip', '1', '--limit', '1')).toMatchObject({
      items: [{ id: 'ANSWER-3' }],
      next: 2,
    })
    const { code, stderr } = await reader.run('query', 'vex', '--product', 'a', '--limit', '501')
    expect([code, stderr]).toEqual([2, expect.stringContaining('limit: must be a whole number from 1 to 500')])
  })

  test('of the changelog leaves no file open', async () => {
    const open = () => readdirSync(`/proc/${served.pid}/fd`).length
    await asked('/changelog?limit=1')
    const before = open()
    for (let page = 0; page < 100; page++) expect((await asked('/changelog?limit=1')).body.next).toBe(1)
    await expect.poll(open).toBeLessThanOrEqual(before + 5)
  })
})

test('purls are found in any spelling', async () => {
  for (const spelling of ['pkg:PyPI/Django_Tools@1.0', 'pkg:pypi/django-tools@1.0', 'pkg:pypi/Django-Tools']) {
    const of = encodeURIComponent(spelling)
    expect([spelling, (await asked(`/vex?product=${of}`)).body.items.length]).toEqual([spelling, 1])
    expect([spelling, (await asked(`/vex?product=${of}&vulnerability=CVE-2030-1`)).body.items.length]).toEqual([
      spelling,
      1,
    ])
    expect([spelling, (await asked(`/sboms?component=${of}&limit=1`)).body.items.length]).toEqual([spelling, 1])
    expect([spelling, (await asked(`/advisories?package=${of}`)).body.items.length]).toEqual([spelling, 3])
  }
  // Qualifiers tell products apart, and not components.
  const found = async (path: string, purl: string) =>
    (await asked(`${path}${encodeURIComponent(purl)}`)).body.items.length
  for (const spelling of [PRODUCT, 'pkg:deb/debian/curl@7.1?arch=amd64&distro=debian-11', 'pkg:deb/debian/curl@7.1']) {
    expect([spelling, await found('/vex?product=', spelling)]).toEqual([spelling, 1])
  }
  expect(await found('/vex?product=', 'pkg:deb/debian/curl@7.1?arch=arm64&distro=debian-11')).toBe(0)
  expect(await found('/sboms?limit=1&component=', 'pkg:pypi/django-tools@1.0?extension=whl')).toBe(1)
})

test.each<[string, number[]]>([
  ['@5.1?epoch=0&arch=x86_64', [0, 1, 3, 2]],
  ['@5.1?arch=x86_64', [1, 3, 2]],
  ['@5.1?arch=aarch64', [4, 3, 2]],
  ['@5.1', [0, 1, 2, 3, 4]],
  ['@5.3?arch=x86_64', [3]],
  ['', [0, 1, 2, 3, 4, 5]],
])('statements about less than pkg:rpm/redhat/bash%s hold for it, and no others', async (product, expected) => {
  const path = `/vex?product=${encodeURIComponent(`pkg:rpm/redhat/bash${product}`)}`
  const named = expected.map((at) => `CVE-2031-${at}`)
  const found: unknown[] = []
  for (let skip: number | null = 0; skip !== null; ) {
    const { body } = await asked(`${path}&skip=${skip}&limit=2`)
    found.push(...body.items.map(({ record }) => record.vulnerability?.name))
    skip = body.next
  }
  expect(found.toSorted()).toEqual(named.toSorted())
  expect(new Set(found).size).toBe(found.length)
  for (const name of named) expect((await asked(`${path}&vulnerability=${name}`)).body.items.length).toBe(1)
})

test('a statement about a part of one product does not hold for that part in others', async () => {
  const found = async (product: string) =>
    (await asked(`/vex?product=${encodeURIComponent(product)}`)).body.items.map(
      ({ record }) => record.vulnerability?.name,
    )
  expect(await found('pkg:npm/inner')).toEqual(['CVE-2032-1'])
  expect(await found('pkg:npm/inner@1.0.0')).toEqual([])
  expect(await found('pkg:oci/image@sha256:ab?tag=v1')).toEqual(['CVE-2032-1'])
})

describe('a question that cannot be answered', () => {
  test('by another method is 405, and says which there are', async () => {
    for (const [method, path] of [
      ['POST', '/advisories?package=pkg:npm/a'],
      ['PUT', '/coverage'],
      ['DELETE', '/documents/0'],
      ['PATCH', '/v2/trivy-db/manifests/2'],
    ] as const) {
      const { status, allow, body } = await asked(path, method)
      expect([path, status, allow]).toEqual([path, 405, 'GET, HEAD'])
      expect(body.detail).toContain(method)
    }
    expect((await asked('/nowhere', 'POST')).status).toBe(404)
    expect((await fetch(`${served.url}/coverage`, { method: 'HEAD' })).status).toBe(200)
  })

  test('with a parameter that there is not is refused everywhere', async () => {
    const digest = '0'.repeat(64)
    for (const path of [
      '/coverage',
      '/changelog',
      '/advisories/x',
      `/documents/${digest}`,
      '/health/ready',
      '/metrics',
      '/',
    ]) {
      const { status, body } = await asked(`${path}?nope=1`)
      expect([path, status, body.detail]).toEqual([path, 400, expect.stringContaining('nope: is no parameter here')])
    }
  })

  test('is refused without the control characters that it held', async () => {
    for (const args of [
      ['query', 'package', 'a\u001b[31m\u0007'],
      ['import', '\u001b]0;title\u0007', '--key', key],
      ['query', 'changelog', '--kind', '\u009b31m'],
    ]) {
      const { code, stderr } = await reader.run(...args)
      expect(code).not.toBe(0)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for.
      expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    }
  })
})
