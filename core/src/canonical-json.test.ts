import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { canonicalJson } from './canonical-json.ts'

describe('canonicalJson()', () => {
  test('gives the example of RFC 8785, section 3.2.3: members in UTF-16 order', () => {
    const sorted = canonicalJson({
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    })
    const values = [...sorted.matchAll(/:"([^"]*)"/g)].map((match) => match[1])
    expect(values).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  test('leaves out members that are undefined and refuses numbers that JSON lacks', () => {
    expect(canonicalJson({ b: undefined, a: [1, null, 'x'] })).toBe('{"a":[1,null,"x"]}')
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError)
  })

  test('is the same text for any order of members, and parses back to the value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed())
        const text = canonicalJson(value as never)
        expect(canonicalJson(reversed as never)).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
