import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { formatDatabaseUrl, parseDatabaseUrl } from './database-url.ts'

describe('parseDatabaseUrl()', () => {
  test.each([
    [
      'postgres://u:p@db.example:6543/app',
      { host: 'db.example', port: 6543, user: 'u', password: 'p', database: 'app', sslmode: null },
    ],
    [
      'postgresql://u@[::1]/app?sslmode=require',
      { host: '::1', port: 5432, user: 'u', password: '', database: 'app', sslmode: 'require' },
    ],
    [
      'postgres://u:p%40%3A@/a?host=/run/pg&port=1',
      { host: '/run/pg', port: 1, user: 'u', password: 'p@:', database: 'a', sslmode: null },
    ],
  ])('%s', (url, connection) => expect(parseDatabaseUrl(url)).toEqual(connection))

  test('reads what formatDatabaseUrl() writes', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    const parts = fc.record({
      host: fc.constantFrom('/tmp/a b', 'localhost', '::1'),
      port: fc.integer({ min: 1, max: 65535 }),
      user: text,
      password: text,
      database: text,
      sslmode: fc.constantFrom(null, 'disable'),
    })
    fc.assert(
      fc.property(parts, (connection) => {
        expect(parseDatabaseUrl(formatDatabaseUrl(connection))).toEqual(connection)
      }),
    )
  })

  test('refuses anything else and does not repeat a password', () => {
    const problem = expect.objectContaining({ code: 'config/invalid', message: expect.not.stringContaining('secret') })
    expect(() => parseDatabaseUrl('mysql://u:secret@h/db')).toThrow(problem)
  })
})
