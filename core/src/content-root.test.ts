import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { contentRoot } from './content-root.ts'

const file = fc.record({
  path: fc.string({ minLength: 1, unit: 'binary' }),
  size: fc.nat(),
  sha256: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
})

describe('contentRoot()', () => {
  test('of one file is the leaf hash of its canonical JSON', () => {
    const leaf = '\0{"path":"a","sha256":"00","size":1}'
    const expected = createHash('sha256').update(leaf).digest('hex')
    expect(contentRoot([{ path: 'a', size: 1, sha256: '00' }])).toBe(`sha256:${expected}`)
  })

  test('does not depend on the order of the files, and does on each of their fields', () => {
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: ({ path }) => path, minLength: 1 }), (files) => {
        const root = contentRoot(files)
        expect(contentRoot(files.toReversed())).toBe(root)
        const [first, ...rest] = files
        if (!first) return
        expect(contentRoot([{ ...first, size: first.size + 1 }, ...rest])).not.toBe(root)
        expect(contentRoot([{ ...first, path: `${first.path}x${files.length}` }, ...rest])).not.toBe(root)
      }),
    )
  })
})
