import { expect, test } from 'vitest'

import { settings } from './settings.ts'

const bare = {
  DATABASE_URL: 'postgres://u@/d?host=/tmp',
  NATS_URL: 'nats://x',
  BLOB_URL: 'file:///x',
  KMS_URL: 'local:/x',
}
const accepts = (change: object) => settings.safeParse({ ...bare, ...change }).success
const token = { EVIDENCE_TOKEN_FILE: '/token-{tenant}' }

test('EVIDENCE_URL needs a token, and a way on which nobody reads it', () => {
  expect(accepts({})).toBe(true)
  expect(accepts({ EVIDENCE_URL: 'https://example.test' })).toBe(false)
  expect(accepts({ EVIDENCE_URL: 'https://example.test', EVIDENCE_TOKEN: 'x' })).toBe(true)
  for (const url of ['https://example.test/base', 'http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1']) {
    expect(accepts({ EVIDENCE_URL: url, ...token }), url).toBe(true)
  }
  for (const url of [
    'http://example.test',
    'http://127.0.0.1.example.test',
    'ftp://127.0.0.1',
    'https://u:p@example.test',
    'https://example.test?x',
    'no address',
  ]) {
    expect(accepts({ EVIDENCE_URL: url, ...token }), url).toBe(false)
  }
})
