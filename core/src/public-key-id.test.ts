import { createHash, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'

import { publicKeyId } from './public-key-id.ts'

test('publicKeyId() is the SHA-256 of the key in DER, whatever the line ends of its PEM', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const expected = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  expect(publicKeyId(pem)).toBe(expected)
  expect(publicKeyId(pem.replaceAll('\n', '\r\n'))).toBe(expected)
})

test('publicKeyId() refuses what is not a key', () => {
  expect(() => publicKeyId('not a key')).toThrow(expect.objectContaining({ code: 'request/invalid' }))
})
