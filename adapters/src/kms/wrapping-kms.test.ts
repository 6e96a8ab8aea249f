import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { KmsProcess, lacksKms } from '../testing/kms-process.ts'
import { openWrappingKms } from './open-wrapping-kms.ts'
import type { WrappingKms } from './wrapping-kms.ts'

const directory = mkdtempSync(join(tmpdir(), 'stella keys-'))
afterAll(() => rmSync(directory, { recursive: true }))

const development = { production: false }
const own = { tenantId: 'acme', name: 'site-1' }

describe('keys in files', () => {
  const url = pathToFileURL(directory).href.replace('file:', 'local:')
  let kms: WrappingKms
  beforeAll(async () => {
    kms = await openWrappingKms(url, development)
    keyFile('acme', 'site-1', `${randomBytes(32).toString('hex')}\n`)
  })

  function keyFile(tenant: string, name: string, text: string, mode = 0o600): string {
    mkdirSync(join(directory, tenant), { recursive: true })
    const file = join(directory, tenant, `${name}.key`)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  test('openssl unwraps what was wrapped', async () => {
    const dataKey = randomBytes(32)
    expect(await kms.fault(own)).toBeNull()
    const wrapped = join(directory, 'wrapped')
    writeFileSync(wrapped, await kms.wrap(own, dataKey))
    const key = readFileSync(join(directory, 'acme/site-1.key'), 'utf8').trim()
    const words = ['enc', '-d', '-id-aes256-wrap', '-iv', 'A6A6A6A6A6A6A6A6', '-K', key, '-in', wrapped]
    expect(execFileSync('openssl', words).equals(dataKey)).toBe(true)
  })

  test('a key that is absent, of another tenant, readable by others or none is refused, and nothing of it told', async () => {
    const text = randomBytes(32).toString('hex')
    keyFile('acme', 'open', text, 0o640)
    keyFile('acme', 'short', text.slice(2))
    for (const [key, why] of [
      [
        { ...own, name: 'absent' },
        /absent\.key cannot be used: it cannot be read: make one with: .*openssl rand -hex 32/,
      ],
      [{ ...own, tenantId: 'globex' }, /globex\/site-1\.key cannot be used: it cannot be read/],
      [{ ...own, name: 'open' }, /others than its owner may read it/],
      [{ ...own, name: 'short' }, /it is no AES-256 key in hexadecimal/],
    ] as const) {
      expect(await kms.fault(key)).toMatch(why)
      const wrapping = kms.wrap(key, randomBytes(32))
      await expect(wrapping).rejects.toMatchObject({ code: 'kms/key-refused', message: expect.stringMatching(why) })
      await expect(wrapping).rejects.not.toThrow(text.slice(10, 40))
    }
  })

  test('are for development', async () => {
    await expect(openWrappingKms(url, { production: true })).rejects.toMatchObject({
      code: 'kms/refused',
      message: expect.stringContaining('ENCRYPTION_KMS_URL must name a KMS'),
    })
  })
})

describe.skipIf(lacksKms())('AWS KMS', () => {
  let server: KmsProcess
  let kms: WrappingKms
  beforeAll(async () => {
    server = await KmsProcess.start()
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value)
    kms = await openWrappingKms(server.url, { production: true })
    await server.create('alias/stella/acme/site-1')
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await server?.stop()
  })

  test('unwraps what was wrapped, also after the key was exchanged for another', async () => {
    const dataKey = randomBytes(32)
    expect(await kms.fault(own)).toBeNull()
    const before = await kms.wrap(own, dataKey)
    await server.rotate('alias/stella/acme/site-1')
    const after = await kms.wrap(own, dataKey)
    for (const wrapped of [before, after]) expect((await server.unwrap(wrapped)).equals(dataKey)).toBe(true)
  })

  test('a key that is absent, of another tenant, disabled or of another kind is refused', async () => {
    await server.createDisabled('alias/stella/acme/off')
    await server.create('alias/stella/acme/rsa', { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
    for (const [key, why] of [
      [{ ...own, name: 'absent' }, /refuses the key alias\/stella\/acme\/absent: NotFoundException/],
      [{ ...own, tenantId: 'globex' }, /refuses the key alias\/stella\/globex\/site-1: NotFoundException/],
      [{ ...own, name: 'off' }, /acme\/off is Disabled/],
      [{ ...own, name: 'rsa' }, /acme\/rsa is not a symmetric key that encrypts/],
    ] as const) {
      expect(await kms.fault(key)).toMatch(why)
      await expect(kms.wrap(key, randomBytes(32))).rejects.toMatchObject({ code: 'kms/key-refused' })
    }
  })

  test.each([
    ['does not answer', null],
    ['fails', { status: 500, type: 'KMSInternalException' }],
    ['is asked too often', { status: 400, type: 'ThrottlingException' }],
  ])('that %s is away, not a refusal', async (_, answer) => {
    const failing = createServer((_request, response) => {
      if (!answer) return response.destroy()
      return response.writeHead(answer.status).end(JSON.stringify({ __type: answer.type, message: 'no' }))
    })
    failing.listen(0, '127.0.0.1')
    await once(failing, 'listening')
    const { port } = failing.address() as AddressInfo
    const away = await openWrappingKms(`aws-kms://us-east-1?endpoint=http://127.0.0.1:${port}`, development)
    await expect(away.fault(own)).rejects.toMatchObject({ code: 'kms/unavailable' })
    await expect(away.wrap(own, randomBytes(32))).rejects.toMatchObject({ code: 'kms/unavailable' })
    failing.close()
  })
})

test.each([
  'aws:///key',
  '/absolute/folder',
  'local://host/folder',
  'local:///',
  'local:///folder?x',
  'aws-kms://name:hunter2@eu-central-1',
  'aws-kms://eu-central-1/key',
  'aws-kms://eu-central-1?profile=x',
  'aws-kms://eu-central-1?endpoint=ftp://127.0.0.1',
  'aws-kms://eu-central-1?endpoint=http://kms.example.test',
  'aws-kms://eu-central-1?endpoint=http://name:hunter2@127.0.0.1',
])('openWrappingKms() refuses %s without repeating a secret', async (url) => {
  const opening = openWrappingKms(url, development)
  await expect(opening).rejects.toMatchObject({ code: 'config/invalid' })
  await expect(opening).rejects.toThrow(/^ENCRYPTION_KMS_URL cannot be used: (?!.*hunter2)/)
})
