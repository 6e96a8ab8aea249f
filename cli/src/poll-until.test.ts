import { Problem } from '@stella/contracts'
import { expect, test } from 'vitest'

import { pollUntil } from './poll-until.ts'
import { ServerUnreachable } from './retryable.ts'

const signal = new AbortController().signal

test('pollUntil() asks again while the server is away', async () => {
  const answers = [
    new ServerUnreachable('http://127.0.0.1:1', 'refused', {}),
    1,
    new Problem('db/unavailable', 'away'),
    2,
  ]
  const read = async () => {
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer
  }
  expect(await pollUntil({ what: 'it', read, isDone: (value) => value === 2, signal })).toBe(2)
})

test('pollUntil() throws at once what another attempt cannot change', async () => {
  let asked = 0
  const read = async () => {
    asked += 1
    throw new Problem('resource/not-found', 'gone')
  }
  await expect(pollUntil({ what: 'it', read, isDone: () => false, signal })).rejects.toThrow('gone')
  expect(asked).toBe(1)
})

test('pollUntil() ends by its signal, and says that the work goes on', async () => {
  const interrupt = new AbortController()
  const read = async () => interrupt.abort()
  await expect(pollUntil({ what: 'it', read, isDone: () => false, signal: interrupt.signal })).rejects.toMatchObject({
    kind: 'interrupted',
    message: 'no longer waiting for it: it goes on without this command',
  })
})
