import { PassThrough } from 'node:stream'
import { printable } from '@stella/core'

import { expect, test } from 'vitest'

import { say } from './output.ts'

test('printable() leaves text of any language as it is', () => {
  for (const text of ['', 'sboms/shop_1.0.0/sbom.cdx.json: it is absent', 'Grüße 日本語 🦊 مرحبا']) {
    expect(printable(text)).toBe(text)
  }
})

test.each([
  ['\u001b[2Jx', '\\u001b[2Jx'],
  ['a\r\nb\tc\u0000', 'a\\u000d\\u000ab\\u0009c\\u0000'],
  ['\u007f\u009b31m', '\\u007f\\u009b31m'],
  ['\u202egnp.exe\u2066\u200f\u061c', '\\u202egnp.exe\\u2066\\u200f\\u061c'],
  ['a\u2028b\u2029', 'a\\u2028b\\u2029'],
])('printable() shows what steers a terminal by its code: %j', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test('say() ends each line, and lets no text end one', () => {
  const stderr = new PassThrough()
  say({ stderr }, 'stella: a\nstella: b', '  c')
  expect(String(stderr.read())).toBe('stella: a\\u000astella: b\n  c\n')
})
