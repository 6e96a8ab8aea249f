import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { quoteLiteral } from './quote-literal.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '$', ';', '-', 'E', 'e', '\n', '\r', '\t', '\u{1F600}', 'é', '\x1f'),
  }),
)

test.each(['on', 'off'])('quoteLiteral() reads back unchanged, standard_conforming_strings %s', async (setting) => {
  await database.owner.begin(async (tx) => {
    await tx.unsafe(`set local standard_conforming_strings = ${setting}; set local escape_string_warning = off`)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          hostile.filter((text) => !text.includes('\0')),
          { minLength: 1, maxLength: 20 },
        ),
        async (texts) => {
          const [row] = await tx.unsafe(`select to_json(array[${texts.map(quoteLiteral).join(', ')}]) as json`)
          expect(row?.json).toEqual(texts)
        },
      ),
    )
  })
})

test('quoteLiteral() refuses NUL', () => {
  expect(() => quoteLiteral('a\0b')).toThrow(TypeError)
})
