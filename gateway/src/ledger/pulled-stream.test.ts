import { MAX_TENANT_LEDGER_STREAMS } from '@stella/contracts'
import { expect, test } from 'vitest'

import { OpenStreams } from './open-streams.ts'
import { pulledStream } from './pulled-stream.ts'

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1)
}

test('counts from the answer on, before anything is read, until the reader leaves or has all', async () => {
  const open = new OpenStreams()
  const answer = () =>
    pulledStream(open, {
      tenantId: 'acme',
      chunks: oneByte(),
      failed: (error) => {
        throw error
      },
    })
  const [first, second] = Array.from({ length: MAX_TENANT_LEDGER_STREAMS }, answer)
  expect(answer).toThrow(expect.objectContaining({ code: 'ledger/busy' }))
  await first?.cancel()
  const third = answer()
  expect(answer).toThrow(expect.objectContaining({ code: 'ledger/busy' }))
  for (const whole of [second, third]) expect((await new Response(whole).arrayBuffer()).byteLength).toBe(1)
  answer()
  answer()
  expect(answer).toThrow(expect.objectContaining({ code: 'ledger/busy' }))
})

test('a reader that leaves while a chunk is made is no failure', async () => {
  const failures: unknown[] = []
  let left: Promise<void> | undefined
  async function* slow(): AsyncGenerator<Uint8Array> {
    left = reader.cancel()
    yield new Uint8Array(1)
  }
  const failed = (error: unknown) => void failures.push(error)
  const reader = pulledStream(new OpenStreams(), { tenantId: 'acme', chunks: slow(), failed }).getReader()
  expect(await reader.read()).toEqual({ done: true, value: undefined })
  await left
  expect(failures).toEqual([])
})
