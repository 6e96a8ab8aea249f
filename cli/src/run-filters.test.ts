import { expect, test } from 'vitest'

import { requestedRun, splitList } from './run-filters.ts'

test('requestedRun() takes a date alone as its whole day', () => {
  expect(requestedRun('prof_raw', { from: '2024-12-31', to: '2024-12-31' }).filters).toEqual({
    time_from: '2024-12-31T00:00:00.000Z',
    time_to: '2025-01-01T00:00:00.000Z',
  })
})

test('requestedRun() takes a time as it is', () => {
  expect(requestedRun('prof_raw', { from: '2025-01-01T12:00:00+01:00' }).filters).toEqual({
    time_from: '2025-01-01T12:00:00+01:00',
  })
})

test('requestedRun() names the selectors of the API, and no filter where none is given', () => {
  expect(requestedRun('prof_raw', { include: ['vex'], ecosystem: ['npm'], package: ['pkg:npm/a@1,2'] })).toEqual({
    profile_id: 'prof_raw',
    filters: { include: ['vex'], ecosystems: ['npm'], packages: ['pkg:npm/a@1,2'] },
  })
  expect(requestedRun('prof_raw', {})).toEqual({ profile_id: 'prof_raw' })
})

test.each([
  [{ from: '2025-02-30' }],
  [{ from: 'yesterday' }],
  [{ from: '2025-02-02', to: '2025-02-01' }],
  [{ include: ['findings'] }],
  [{ include: [''] }],
  [{ imageDigest: ['latest'] }],
])('requestedRun() refuses %j', (options) => {
  expect(() => requestedRun('prof_raw', options)).toThrow(expect.objectContaining({ kind: 'usage' }))
})

test('splitList() splits at commas and gathers what is repeated', () => {
  expect(splitList('vex', splitList('advisories, sboms'))).toEqual(['advisories', 'sboms', 'vex'])
})
