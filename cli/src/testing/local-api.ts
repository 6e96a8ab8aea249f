import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import type { Run } from '@stella/contracts'

/** Answers requests by `METHOD /path`; the query is left off. */
export type Routes = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>

/** A server on the loopback address for one test; faults of the network are hard to get from a real gateway. */
export async function serveApi(routes: Routes): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const route = routes[`${request.method} ${request.url?.split('?')[0]}`]
    if (route) return route(request, response)
    sendJson(response, 404, { code: 'resource/not-found', detail: 'there is no such thing' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => closed(server) }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A run as the API returns it: one that waits, with `changes`. */
export function runWith(changes: Partial<Run>): Run {
  return {
    id: 'run_1',
    profile_id: 'prof_raw',
    profile_revision: 1,
    state: 'queued',
    trigger: 'manual',
    reproduces: null,
    base_export_id: null,
    part_of: null,
    part: null,
    parts: null,
    filters: {},
    ledger_revision: null,
    counts: null,
    estimated_bytes: null,
    shards: null,
    error_class: null,
    error_message: null,
    content_root: null,
    bundle: null,
    index: null,
    expires_at: null,
    documents_expire_at: null,
    created_by: 'someone',
    created_at: '2025-01-31T00:00:00Z',
    started_at: null,
    finished_at: null,
    ...changes,
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
