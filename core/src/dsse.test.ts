import { expect, test } from 'vitest'

import { dssePreAuthEncoding } from './dsse.ts'

test('dssePreAuthEncoding() gives the example of the DSSE protocol', () => {
  const encoded = dssePreAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))
  expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

test('dssePreAuthEncoding() counts bytes, not characters', () => {
  expect(dssePreAuthEncoding('ü', Buffer.from('日本')).toString()).toBe('DSSEv1 2 ü 6 日本')
})
