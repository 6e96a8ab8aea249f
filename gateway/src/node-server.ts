import { createServer, type IncomingMessage, type Server } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import { HEADERS_CHECK_MS, HEADERS_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES, Problem } from '@stella/contracts'

import { answerUnreadable } from './answer-unreadable.ts'
import type { Log } from './deps.ts'
import { problemResponse } from './problem-response.ts'

type Fetch = (request: Request, env: object) => Response | Promise<Response>

/**
 * The API on Node. What Node, or the adapter to web standards, refuses before the API has it is answered as a problem too: what is no HTTP,
 * and a `Host` that is missing, doubled or none (RFC 9112, section 3.2). HTTP/1.0, which has no `Host`, is served.
 */
export function nodeServer(fetch: Fetch, { hostname, log }: { readonly hostname: string; readonly log: Log }): Server {
  const refused = (reason: string, cause?: unknown) =>
    problemResponse(new Problem('request/invalid', `the request cannot be read: ${reason}`, { cause }), log)
  const listener = getRequestListener(
    (request, env) =>
      hasOneHost(env.incoming as IncomingMessage)
        ? fetch(request, env)
        : refused('it has not one Host header: name the host that it is for'),
    { hostname, errorHandler: (error) => refused('its target or its Host header is malformed', error) },
  )
  const server = createServer(
    {
      requireHostHeader: false, // Node's own refusal has no body.
      requestTimeout: 0, // An upload may take hours; what does not move is closed as idle.
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    listener,
  )
  return server.on('clientError', (error, socket) => void answerUnreadable(error, socket, log))
}

/** False of a request that does not say for which host it is, or says it twice. */
export function hasOneHost({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0')
}
