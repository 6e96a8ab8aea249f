import { EventEmitter, once } from 'node:events'

import { expect, test } from 'vitest'

import { whileAlive } from './while-alive.ts'

test('whileAlive() gives signs of life until the work ends, and goes on where one fails', async () => {
  const beats = new EventEmitter()
  const logged: object[] = []
  let given = 0
  const done = await whileAlive((entry) => logged.push(entry), {
    beat: async () => {
      given++
      beats.emit(String(given))
      if (given === 1) throw new RangeError('away')
    },
    failed: { message: 'cannot mark it', id: 'a' },
    work: async () => {
      await once(beats, '2')
      return 'done'
    },
  })
  expect(done).toBe('done')
  expect(given).toBe(2)
  expect(logged).toEqual([{ message: 'cannot mark it', id: 'a', cause: 'RangeError: away' }])
})
