import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { EVIDENCE_ATTEMPTS } from '@stella/contracts'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

import { LedgerClient } from './ledger-client.ts'

let server: Server | undefined
afterEach(() => void server?.close())

async function clientOf(answer: RequestListener): Promise<LedgerClient> {
  const listening = createServer(answer)
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  return new LedgerClient({ url: `http://127.0.0.1:${port}`, token: async (tenantId) => `token-of-${tenantId}` })
}

const request = { tenantId: 'a', path: '/x', body: {} }

test('an installation that stays away ends a reading as evidence/unavailable, after a bounded number of attempts', async () => {
  let requests = 0
  const client = await clientOf((_, response) => {
    requests++
    response.writeHead(requests % 2 ? 503 : 429).end()
  })
  await expect(client.json(request, z.object({}))).rejects.toMatchObject({ code: 'evidence/unavailable' })
  expect(requests).toBe(EVIDENCE_ATTEMPTS)
})

test('the token is not sent where an answer leads', async () => {
  const tokens: unknown[] = []
  const client = await clientOf(({ url, headers }, response) => {
    tokens.push([url, headers.authorization])
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  await expect(client.json(request, z.object({}))).rejects.toMatchObject({ code: 'evidence/invalid' })
  expect(tokens).toEqual([['/x', 'Bearer token-of-a']])
})

test('a reading that is stopped says so, and does not try again', async () => {
  const stopping = new AbortController()
  const client = await clientOf(() => stopping.abort())
  const reading = client.read(request, stopping.signal)
  await expect(reading.next()).rejects.toMatchObject({ code: 'native/cancelled' })
})
