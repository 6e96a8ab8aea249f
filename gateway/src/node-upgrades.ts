import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import { endpoints, MAX_READER_MESSAGE_BYTES, Problem, READER_PING_MS, UPDATES_PROTOCOL } from '@stella/contracts'
import { type WebSocket, WebSocketServer } from 'ws'

import { answerUnreadable } from './answer-unreadable.ts'
import type { Log } from './deps.ts'
import { hasOneHost } from './node-server.ts'
import type { Peer, Place, Upgrade } from './updates/peer.ts'

type Fetch = (request: Request) => Response | Promise<Response>

/** Time that a peer gets to answer a close, in milliseconds. */
const CLOSE_MS = 30_000

/**
 * WebSockets on Node: what a runtime must give to the API beside web standards. A request for one goes through `fetch` like any
 * other, so that it is authenticated, limited and refused by the same code; a refusal keeps its body.
 */
export class NodeUpgrades {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_READER_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(UPDATES_PROTOCOL) ? UPDATES_PROTOCOL : false),
  })
  readonly #accepted = new WeakMap<Request, Place>()
  readonly #alive = new WeakSet<WebSocket>()

  /** What a route calls to accept: the answer stands for the handshake that follows. */
  readonly upgrade: Upgrade = (request, place) => {
    this.#accepted.set(request, place)
    return new Response(null)
  }

  /** Serves the upgrades of a server, and pings every peer. @returns what stops the pings */
  attach(server: Server, fetch: Fetch, log: Log): () => void {
    server.on('upgrade', (incoming, socket, head) => {
      const handshake = { incoming, socket, head }
      if (asksForUpdates(incoming)) void this.#answer(fetch, log, handshake)
      else readAgain(server, handshake)
    })
    this.#sockets.on('wsClientError', (error, socket) => {
      const cause = { cause: error }
      void answerUnreadable(
        new Problem('request/invalid', `the handshake is none: ${error.message}`, cause),
        socket,
        log,
      )
    })
    const pings = setInterval(() => this.#ping(), READER_PING_MS)
    return () => clearInterval(pings)
  }

  async #answer(fetch: Fetch, log: Log, { incoming, socket, head }: Handshake): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const request = requestOf(incoming)
      const response = await fetch(request)
      const place = this.#accepted.get(request)
      if (place === undefined) return refuse(socket, response.status, response.headers, await response.text())
      if (socket.destroyed) return place.release()
      socket.once('close', () => place.release())
      this.#sockets.handleUpgrade(incoming, socket, head, (peer) => this.#open(peer, place))
    } catch (error) {
      const reason = 'the request cannot be read: its target or its Host header is malformed'
      await answerUnreadable(new Problem('request/invalid', reason, { cause: error }), socket, log)
    }
  }

  #open(socket: WebSocket, place: Place): void {
    this.#alive.add(socket)
    socket.on('pong', () => this.#alive.add(socket))
    socket.on('error', () => undefined) // What is wrong with a frame is told by the code that the socket is closed with.
    socket.on('message', () => socket.close(1008, 'updates are read: this stream takes no messages'))
    place.open(peerOf(socket))
  }

  #ping(): void {
    for (const socket of this.#sockets.clients) {
      if (!this.#alive.delete(socket)) socket.terminate()
      else if (socket.readyState === socket.OPEN) socket.ping()
    }
  }
}

interface Handshake {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

function asksForUpdates(incoming: IncomingMessage): boolean {
  const { method, url = '', headers } = incoming
  const isPath = url.split('?')[0] === endpoints.streamUpdates.path
  return isPath && method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && hasOneHost(incoming)
}

/**
 * A request to upgrade to what is not served is one like any other (RFC 9110, section 7.8), such as clients send that would rather speak
 * HTTP/2. Node has left its connection to us: the server reads it again, without that header, as the last one of its connection.
 */
function readAgain(server: Server, { incoming, socket, head }: Handshake): void {
  const { method, url, httpVersion, rawHeaders } = incoming
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'connection: close']
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (!/^(upgrade|connection)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  socket.unshift(head)
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  server.emit('connection', socket)
}

function requestOf({ url = '/', headers, method = 'GET' }: IncomingMessage): Request {
  const given = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), {
    method,
    headers: Object.fromEntries(given) as Record<string, string>,
  })
}

function refuse(socket: Duplex, status: number, headers: Headers, body: string): void {
  if (socket.destroyed) return
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = Buffer.byteLength(body)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function peerOf(socket: WebSocket): Peer {
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  return {
    send: (frame, sent) => socket.send(frame, { binary: false }, sent && (() => sent())),
    backlogBytes: () => socket.bufferedAmount,
    close: (code, reason) => {
      socket.close(code, reason)
      const overdue = setTimeout(() => socket.terminate(), CLOSE_MS)
      closed.signal.addEventListener('abort', () => clearTimeout(overdue), { once: true })
    },
    closed: closed.signal,
  }
}
