import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { HEADERS_MS, MAX_HEADER_BYTES, Problem } from '@stella/contracts'

import type { Metrics } from './metrics.ts'

/** Where metrics are served. */
export interface MetricsListener {
  readonly url: string
  close(): void
}

/**
 * Serves `GET /metrics`, and nothing else, on an address of its own: metrics name tenants and need no token, so they do not belong on the
 * address of the API.
 * @throws `config/invalid` where the address cannot be used
 */
export async function serveMetrics(
  metrics: Pick<Metrics, 'text'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsListener> {
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS, maxHeaderSize: MAX_HEADER_BYTES }
  const server = createServer(limits, (request, response) => {
    const isAsked = request.method === 'GET' && request.url?.split('?')[0] === '/metrics'
    if (!isAsked) return void response.writeHead(404).end()
    metrics.text().then(
      ({ body, mediaType }) => response.writeHead(200, { 'content-type': mediaType }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    const refused = (cause: Error) =>
      reject(
        new Problem('config/invalid', `metrics cannot be served on ${host}:${port}: set STELLA_METRICS_PORT`, {
          cause,
        }),
      )
    server.once('error', refused).listen(port, host, resolve)
  })
  const { address, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}/metrics`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
