import { request } from 'node:http'

import type { Tenant } from './tenant.ts'

/** Asks for a WebSocket and closes it again; resolves with the answer to the handshake. */
export function upgrade({ url, token }: Tenant, path: string): Promise<{ status: number; headers: Headers }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    }
    const asked = request(`${url}${path}`, { headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answered(answer.statusCode, answer.headers)))
    })
    asked.once('error', reject)
    asked.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answered(answer.statusCode, answer.headers))
    })
    asked.end()
  })
}

function answered(status = 0, headers: Readonly<Record<string, string | string[] | undefined>> = {}) {
  const told = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string])
  return { status, headers: new Headers(told) }
}
