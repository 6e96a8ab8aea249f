import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { lacksJudge } from '../support/judge.ts'
import { manyAdvisories } from '../support/many-advisories.ts'
import { createProfile, exportBundle, openTenant, post, type Tenant } from '../support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let run: Run
let bytes: Buffer
let path: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'downloads')
  await createProfile(tenant)
  await post(tenant, manyAdvisories(20_000))
  const exported = await exportBundle(tenant, 'whole.tar.zst')
  run = exported.run
  bytes = readFileSync(exported.bundle)
  path = `/export/runs/${run.id}/download`
})
afterAll(() => stack?.stop())

const get = (headers: Record<string, string>, method = 'GET') => tenant.api(path, { method, headers })
const body = async (response: Response) => Buffer.from(await response.arrayBuffer())
const etag = () => `"${run.bundle?.sha256}"`
const fileDigest = () => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

describe('GET /export/runs/{id}/download', () => {
  test('states strong ETag, length and digests, and HEAD the same without the bytes', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await get({}, method)
      expect(answer.status).toBe(200)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        etag: etag(),
        'accept-ranges': 'bytes',
        'content-length': String(bytes.length),
        'repr-digest': fileDigest(),
        'content-digest': fileDigest(),
      })
      expect((await body(answer)).equals(method === 'GET' ? bytes : Buffer.alloc(0))).toBe(true)
    }
  })

  test.each<[string, (size: number) => [number, number]]>([
    ['bytes=0-0', () => [0, 1]],
    ['bytes=1048575-1048576', () => [1_048_575, 1_048_577]],
    ['bytes=1000000-3000000', () => [1_000_000, 3_000_001]],
    ['bytes=5-', (size) => [5, size]],
    ['bytes=-7', (size) => [size - 7, size]],
    ['bytes=-99999999999', (size) => [0, size]],
    ['bytes=10-99999999999', (size) => [10, size]],
  ])('answers the range %s with 206 and those bytes', async (range, expected) => {
    const [start, end] = expected(bytes.length)
    const answer = await get({ range })
    expect([answer.status, answer.headers.get('content-range')]).toEqual([
      206,
      `bytes ${start}-${end - 1}/${bytes.length}`,
    ])
    expect([answer.headers.get('content-length'), answer.headers.get('repr-digest')]).toEqual([
      String(end - start),
      fileDigest(),
    ])
    expect(answer.headers.has('content-digest')).toBe(false)
    expect((await body(answer)).equals(bytes.subarray(start, end))).toBe(true)
  })

  test.each(['bytes=0-1,5-6', 'lines=1-2', 'bytes=5-1', 'bytes=a-b', 'bytes=-'])(
    'ignores what it may ignore, %s, and sends the whole',
    async (range) => {
      const answer = await get({ range })
      expect([answer.status, (await body(answer)).equals(bytes)]).toEqual([200, true])
    },
  )

  test.each(['bytes=99999999999-', 'bytes=-0'])(
    'answers %s, which lies outside, with 416 and the size',
    async (range) => {
      const answer = await get({ range })
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    },
  )

  test.each([
    ['its ETag', () => etag(), 206],
    ['its ETag as a weak one', () => `W/${etag()}`, 200],
    ['another ETag', () => '"other"', 200],
    ['a date', () => 'Wed, 21 Oct 2026 07:28:00 GMT', 200],
  ])('sends the range where If-Range is %s as it should', async (_, ifRange, status) => {
    const answer = await get({ range: 'bytes=0-9', 'if-range': ifRange() })
    expect([answer.status, (await body(answer)).length]).toEqual([status, status === 206 ? 10 : bytes.length])
  })

  test('answers 304 to who holds it', async () => {
    expect((await get({ 'if-match': `"other", ${etag()}` }, 'HEAD')).status).toBe(200)
    for (const other of ['"other"', `W/${etag()}`]) expect((await get({ 'if-match': other })).status, other).toBe(412)
    const answer = await get({ 'if-none-match': `"other", ${etag()}` })
    expect([answer.status, answer.headers.get('etag')]).toEqual([304, etag()])
  })

  test('sends the bytes itself where the store cannot, also to who would follow a redirect', async () => {
    const answer = await tenant.api(`${path}?redirect=true`, { redirect: 'manual' })
    expect([answer.status, (await body(answer)).equals(bytes)]).toEqual([200, true])
  })
})

describe.skipIf(lacksJudge('curl', 'apt-get install curl'))('curl', () => {
  test('goes on with a part by curl -C -', () => {
    const file = join(tenant.directory, 'curl.tar.zst')
    writeFileSync(file, bytes.subarray(0, 1_234_567))
    execFileSync('curl', [
      '-sSf',
      '-C',
      '-',
      '-o',
      file,
      '-H',
      `authorization: Bearer ${tenant.token}`,
      stack.url + path,
    ])
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })
})

describe.skipIf(lacksJudge('aria2c', 'apt-get install aria2'))('aria2c', () => {
  test('fetches the bundle over eight connections', () => {
    const header = `--header=Authorization: Bearer ${tenant.token}`
    const checksum = `--checksum=sha-256=${run.bundle?.sha256}`
    const split = ['-x8', '-s8', '-k1M', '--file-allocation=none', '--no-conf', '-q']
    execFileSync('aria2c', [...split, header, checksum, '-d', tenant.directory, '-o', 'aria.tar.zst', stack.url + path])
    expect(readFileSync(join(tenant.directory, 'aria.tar.zst')).equals(bytes)).toBe(true)
  })
})
