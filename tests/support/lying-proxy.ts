import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

import type { LedgerEnd } from '@stella/contracts'

/** What becomes of an answer on its way: it must be sent, or the connection ended. */
export type Lie = (answer: { readonly path: string; readonly bytes: Buffer }, response: ServerResponse) => void

/** A server before a real gateway that passes its answers on, or lies about them. */
export interface LyingProxy {
  readonly url: string
  /** Sets what happens from now on to answers of paths that hold a text; null: nothing. */
  lie(path: string, lie: Lie | null): void
  /** Requests since the last call of `lie`. */
  requests(): number
  stop(): Promise<void>
}

/** Starts a proxy on a free port. */
export async function startLyingProxy(target: string): Promise<LyingProxy> {
  let [about, lie, requests] = ['', null as Lie | null, 0]
  const server = createServer((request, response) => {
    if (request.url?.includes(about)) requests++
    pass(request, response).catch(() => response.destroy())
  })

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request
    const body = method === 'POST' ? await buffer(request) : undefined
    const { authorization = '', 'content-type': type = 'application/json' } = headers
    const answer = await fetch(`${target}${path}`, {
      method,
      headers: { authorization, 'content-type': type },
      ...(body ? { body: new Uint8Array(body) } : {}),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    response.statusCode = answer.status
    if (lie && answer.ok && path.includes(about)) return lie({ path, bytes }, response)
    response.end(bytes)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie(path, next) {
      ;[about, lie, requests] = [path, next, 0]
    },
    requests: () => requests,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Sends the records of a stream changed, with an end that fits them: a liar who knows the format. */
export function changedLines(change: (lines: string[]) => string[], end: Partial<LedgerEnd['end']> = {}): Lie {
  return ({ bytes }, response) => {
    const lines = bytes.toString().split('\n').slice(0, -1)
    const was = (JSON.parse(lines.pop() ?? '') as LedgerEnd).end
    const changed = change(lines)
    const text = changed.map((line) => `${line}\n`).join('')
    const sha256 = createHash('sha256').update(text).digest('hex')
    response.end(`${text}${JSON.stringify({ end: { ...was, records: changed.length, sha256, ...end } })}\n`)
  }
}
