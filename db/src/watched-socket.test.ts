import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'

import { expect, test } from 'vitest'

import { watchedSocket } from './watched-socket.ts'

const SILENCE_MS = 500
/** Keys that both ends know: TLS without certificates. */
const PSK = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const
const psk = Buffer.alloc(16, 1)

/** A server that sends over TLS, every so often and so many times, and then is silent. */
async function talker({ everyMs, times }: { everyMs: number; times: number }) {
  const server = createServer({ ...PSK, pskCallback: () => psk }, (socket) => {
    socket.on('error', () => undefined)
    let said = 0
    const talk = setInterval(() => (said++ < times ? socket.write('.') : clearInterval(talk)), everyMs)
    socket.on('close', () => clearInterval(talk))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

test('bytes over TLS count: a connection lives while they come, and is closed once they do not', async () => {
  const server = await talker({ everyMs: SILENCE_MS / 3, times: 10 })
  const raw = watchedSocket({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, silenceMs: SILENCE_MS })
  await once(raw, 'connect')
  raw.removeAllListeners() // As the driver does.
  const socket = connect({
    ...PSK,
    socket: raw,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  })
  let heard = ''
  socket.on('data', (bytes) => {
    heard += bytes
  })
  const [error] = await once(socket, 'error')
  expect([heard, error.code]).toEqual(['.'.repeat(10), 'CONNECTION_SILENT'])
  server.close()
})
