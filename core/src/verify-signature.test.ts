import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'

import { expect, test } from 'vitest'

import { isLowS, withLowS } from './ecdsa-low-s.ts'
import { decodeSignature, encodeSignature, readPublicKey, verifySignature } from './verify-signature.ts'

const bytes = Buffer.from('evidence')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

test('verifySignature() takes ECDSA over P-256 in DER and Ed25519, by the key', () => {
  const signature = withLowS(sign('sha256', bytes, ec.privateKey))
  expect(verifySignature({ pem: pemOf(ec.publicKey), bytes, signature })).toBe(true)
  expect(verifySignature({ pem: pemOf(ed.publicKey), bytes, signature: sign(null, bytes, ed.privateKey) })).toBe(true)
})

test('verifySignature() refuses another key, other bytes and the IEEE P1363 form', () => {
  const signature = withLowS(sign('sha256', bytes, ec.privateKey))
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p1363 = sign('sha256', bytes, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })

  expect(verifySignature({ pem: pemOf(other.publicKey), bytes, signature })).toBe(false)
  expect(verifySignature({ pem: pemOf(ec.publicKey), bytes: Buffer.from('Evidence'), signature })).toBe(false)
  expect(verifySignature({ pem: pemOf(ec.publicKey), bytes, signature: p1363 })).toBe(false)
  expect(verifySignature({ pem: pemOf(ed.publicKey), bytes, signature })).toBe(false)
})

test('verifySignature() refuses the high s, which node:crypto takes', () => {
  const made = Array.from({ length: 64 }, () => sign('sha256', bytes, ec.privateKey))
  const high = made.find((signature) => !isLowS(signature)) ?? Buffer.alloc(0)
  expect(verify('sha256', bytes, ec.publicKey, high)).toBe(true)
  expect(verifySignature({ pem: pemOf(ec.publicKey), bytes, signature: high })).toBe(false)
  expect(verifySignature({ pem: pemOf(ec.publicKey), bytes, signature: withLowS(high) })).toBe(true)
})

test('readPublicKey() names the key by the SHA-256 of its DER form', () => {
  // openssl pkey -pubin -outform der | sha256sum
  const pem = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
`
  expect(readPublicKey(pem)).toEqual({
    id: '5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3',
    algorithm: 'ecdsa-p256-sha256',
    pem,
  })
})

test.each([
  ['a private key', ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ['another curve', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
  ['RSA', pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
  ['no PEM', 'hello'],
])('readPublicKey() refuses %s', (_, pem) => {
  expect(() => readPublicKey(pem)).toThrow(expect.objectContaining({ code: 'request/invalid' }))
})

test('decodeSignature() takes what encodeSignature() wrote, and no other form of it', () => {
  const text = encodeSignature(Buffer.from([1, 2, 3, 4]))
  expect(text).toBe('AQIDBA==\n')
  expect(decodeSignature(Buffer.from(text))).toEqual(Buffer.from([1, 2, 3, 4]))
  expect(decodeSignature(Buffer.from('AQIDBA=='))).toEqual(Buffer.from([1, 2, 3, 4]))

  for (const wrong of [
    '',
    '\n',
    'AQIDBA',
    'AQIDBB==',
    'AQ IDBA==',
    'AQIDBA==\n\n',
    'AQIDBA==\r\n',
    'AQIDBA_=',
    '-QIDBA==',
  ]) {
    expect(decodeSignature(Buffer.from(wrong))).toBeNull()
  }
})
