import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { publicKeyId } from '@stella/core'
import { afterAll, expect, test } from 'vitest'

import { kmsSuite } from './kms-suite.ts'
import { openKms } from './open-kms.ts'

const directory = mkdtempSync(join(tmpdir(), 'stella kms-'))
afterAll(() => rmSync(directory, { recursive: true }))

const development = { production: false }

function keyPair(namedCurve = 'P-256'): { privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { privatePem, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** Writes a file and returns the URL that names it. */
function keyFile(name: string, content: string, mode = 0o600): string {
  const file = join(directory, name)
  writeFileSync(file, content)
  chmodSync(file, mode)
  return pathToFileURL(file).href.replace('file:', 'local:')
}

kmsSuite('local-kms', () => openKms(keyFile('suite.pem', keyPair().privatePem), development))

test('openKms() refuses a local key in production, and says what to do', async () => {
  const url = keyFile('production.pem', keyPair().privatePem)
  await expect(openKms(url, { production: true })).rejects.toMatchObject({
    code: 'kms/refused',
    message: expect.stringContaining('KMS_URL must name a KMS'),
  })
})

test('openKms() names what is supported when the URL is of another kind', async () => {
  for (const url of [
    'aws:///key',
    '/absolute/key.pem',
    'local://host/key.pem',
    'local:relative.pem',
    'local:///key?x',
  ]) {
    await expect(openKms(url, development), url).rejects.toMatchObject({ code: 'config/invalid' })
    await expect(openKms(url, development), url).rejects.toThrow('local:///absolute/key.pem')
  }
})

test('a key that others may read, of another kind, or absent is refused without its text', async () => {
  const { privatePem, publicPem } = keyPair()
  const urls = {
    'others than its owner': keyFile('open.pem', privatePem, 0o640),
    'not a P-256 key': keyFile('curve.pem', keyPair('P-384').privatePem),
    'no PKCS#8 private key': keyFile('public.pem', publicPem),
    'cannot be parsed': keyFile('broken.pem', `${privatePem.slice(0, 60)}\n-----END PRIVATE KEY-----\n`),
    'openssl genpkey': `local://${encodeURI(join(directory, 'absent.pem'))}`,
  }
  for (const [why, url] of Object.entries(urls)) {
    const opened = openKms(url, development)
    await expect(opened, why).rejects.toMatchObject({ code: 'kms/refused', message: expect.stringContaining(why) })
    await expect(opened, why).rejects.not.toThrow(privatePem.slice(30, 60))
  }
})

test('publicKeys() lists the current key first, then retired ones in the order of their file names', async () => {
  const [current, older, oldest] = [keyPair(), keyPair(), keyPair()]
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const url = keyFile('rotated.pem', current.privatePem)
  mkdirSync(join(directory, 'rotated.pem.retired'))
  keyFile('rotated.pem.retired/2026-01.pem', older.publicPem, 0o644)
  keyFile('rotated.pem.retired/2025-01.pem', oldest.publicPem, 0o644)
  keyFile('rotated.pem.retired/2027-01.pem', ed25519, 0o644)
  keyFile('rotated.pem.retired/README', 'not a key', 0o644)

  const keys = await (await openKms(url, development)).publicKeys()
  expect(keys.map(({ id }) => id)).toEqual(
    [current.publicPem, oldest.publicPem, older.publicPem, ed25519].map((pem) => publicKeyId(pem)),
  )
  expect(keys.map(({ algorithm }) => algorithm)).toEqual([...Array(3).fill('ecdsa-p256-sha256'), 'ed25519'])

  keyFile('rotated.pem.retired/2028-01.pem', older.privatePem)
  await expect(openKms(url, development)).rejects.toMatchObject({ code: 'kms/refused' })
})
