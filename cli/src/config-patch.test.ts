import { expect, test } from 'vitest'

import { configPatch } from './config-patch.ts'

test('a patch removes what is left out, goes into objects, and replaces lists whole', () => {
  const current = {
    filters: { ecosystems: ['npm'], tags: ['x'] },
    sharding: { max_bytes: 8192 },
    compression: { level: 3 },
  }
  const wanted = { filters: { ecosystems: ['Go', 'npm'] }, compression: { level: 9 } }
  expect(configPatch(current, wanted)).toEqual({
    sharding: null,
    filters: { tags: null, ecosystems: ['Go', 'npm'] },
    compression: { level: 9 },
  })
})
