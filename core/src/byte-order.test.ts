import { expect, test } from 'vitest'

import { byteOrder } from './byte-order.ts'

test('byteOrder() differs from UTF-16 order above U+FFFF', () => {
  expect(['\u{1F600}', '\uFB33', 'a'].sort(byteOrder)).toEqual(['a', '\uFB33', '\u{1F600}'])
})
