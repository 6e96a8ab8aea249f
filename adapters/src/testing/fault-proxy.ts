import { once } from 'node:events'
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'

/**
 * What goes wrong with one request. `answer`: the proxy answers with a status and an S3 error code. `cut-request`: the connection is
 * reset once so many bytes of the body have arrived. `lose-answer`: the server does what it is asked, and the connection is reset
 * instead of its answer. `cut-answer`: reset after so many bytes of the answer. `stall-answer`: silence after them. `stall`: silence.
 * `alter-request`, `alter-answer`: the first bit of the body is flipped.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  | { readonly kind: 'cut-request' | 'cut-answer' | 'stall-answer'; readonly afterBytes: number }
  | { readonly kind: 'lose-answer' | 'stall' | 'alter-request' | 'alter-answer' }

/** What the proxy is asked. */
export interface ProxiedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** Decides what goes wrong with a request; null: nothing. */
export type FaultScript = (request: ProxiedRequest) => Fault | null

/** A proxy between an HTTP client and a server on the loopback address, in which things go wrong after a script. For tests. */
export class FaultProxy {
  /** May be replaced at any time. */
  script: FaultScript = () => null
  readonly #server: Server
  readonly #target: number
  /** Faults that happened. */
  faults = 0

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  /** Starts a proxy on a free port in front of a port. */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    return address.port
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request
    const fault = this.script({ method, url, headers })
    if (fault) this.faults += 1
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    if (fault?.kind === 'stall') request.resume()
    else if (fault?.kind === 'answer') answer(request, response, fault)
    else if (fault?.kind === 'cut-request') cutRequest(request, fault.afterBytes)
    else this.#forward(request, response, fault)
  }

  #forward(request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
    const { method, url, headers } = request
    const onward = ask({ host: '127.0.0.1', port: this.#target, method, path: url, headers, agent: false })
    onward.on('error', () => request.socket.destroy())
    onward.on('response', (answered) => {
      answered.on('error', () => request.socket.destroy())
      if (fault?.kind === 'lose-answer') {
        answered.resume().on('end', () => request.socket.resetAndDestroy())
        return
      }
      response.writeHead(answered.statusCode ?? 502, answered.rawHeaders)
      if (fault && 'afterBytes' in fault) passSome(answered, response, fault)
      else pass(answered, response, fault?.kind === 'alter-answer')
    })
    pass(request, onward, fault?.kind === 'alter-request')
  }
}

function answer(request: IncomingMessage, response: ServerResponse, fault: { status: number; code: string }): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${fault.code}</Code><Message>by script</Message></Error>`
  request.resume().on('end', () => {
    response.writeHead(fault.status, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? '' : body)
  })
}

function cutRequest(request: IncomingMessage, afterBytes: number): void {
  let seen = 0
  const look = (bytes: number) => {
    seen += bytes
    if (seen >= afterBytes) request.socket.resetAndDestroy()
  }
  request.on('data', (chunk: Buffer) => look(chunk.length)).on('end', () => look(afterBytes))
}

function pass(from: Readable, to: Writable, altered: boolean): void {
  if (altered) from.once('data', (chunk: Buffer) => chunk.writeUInt8(chunk.readUInt8(0) ^ 128, 0))
  from.pipe(to)
}

/** Passes so many bytes of an answer, then resets the connection or falls silent. */
function passSome(from: IncomingMessage, to: ServerResponse, fault: { kind: string; afterBytes: number }): void {
  let left = fault.afterBytes
  from.on('data', (chunk: Buffer) => {
    if (left <= 0) return
    const part = chunk.subarray(0, left)
    left -= part.length
    to.write(part, () => {
      if (left <= 0 && fault.kind === 'cut-answer') to.socket?.resetAndDestroy()
    })
  })
  from.on('end', () => left > 0 && to.end())
}
