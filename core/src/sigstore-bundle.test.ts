import { expect, test } from 'vitest'

import { readSigstoreBundle, sigstoreBundle } from './sigstore-bundle.ts'

const signed = {
  payload: Buffer.from('{}\n'),
  payloadType: 'application/vnd.in-toto+json',
  keyId: 'ab12',
  signature: Buffer.from([1, 2, 3, 4]),
}

test('sigstoreBundle() writes the fields of a bundle v0.3, in canonical order', () => {
  expect(sigstoreBundle(signed).toString()).toBe(
    '{"dsseEnvelope":{"payload":"e30K","payloadType":"application/vnd.in-toto+json",' +
      '"signatures":[{"keyid":"","sig":"AQIDBA=="}]},' +
      '"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",' +
      '"verificationMaterial":{"publicKey":{"hint":"ab12"}}}\n',
  )
})

test('readSigstoreBundle() reads back what sigstoreBundle() wrote', () => {
  expect(readSigstoreBundle(sigstoreBundle(signed))).toEqual(signed)
})

test.each([
  ['no JSON', '{'],
  ['no object', '7'],
  ['another media type', 'v0.3', 'v0.2'],
  ['a field more', '{"hint"', '{"extra":1,"hint"'],
  ['a second signature', '"}]', '"},{"keyid":"","sig":"AQIDBA=="}]'],
  ['spare bits', 'AQIDBA==', 'AQIDBB=='],
  ['a key id in the envelope', '"keyid":""', '"keyid":"ab12"'],
  ['white space', '\n', ' \n'],
])('readSigstoreBundle() refuses %s', (_, text, replacement?: string) => {
  const changed = replacement === undefined ? text : sigstoreBundle(signed).toString().replace(text, replacement)
  expect(readSigstoreBundle(Buffer.from(changed))).toBeNull()
})
