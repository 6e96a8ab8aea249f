import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/** A few words with a NATS server, in its own line protocol: no client library stands between. */
export interface NatsWire {
  /** Sends a request and answers the reply's JSON. */
  request(subject: string, payload?: string): Promise<Record<string, unknown>>
  close(): void
}

/** Connects and logs in. @throws Error with what the server said, when it refuses */
export async function natsWire(url: string): Promise<NatsWire> {
  const { hostname, port, username, password } = new URL(url)
  const socket = connect(Number(port), hostname)
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const next = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error('the server closed the connection')
      if (value.startsWith('-ERR')) throw new Error(value)
      if (wanted.test(value)) return value
    }
  }
  await next(/^INFO /)
  const login = username ? { user: username, pass: password } : {}
  socket.write(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, ...login })}\r\nSUB inbox 1\r\nPING\r\n`)
  await next(/^PONG/)
  return {
    async request(subject, payload = '') {
      socket.write(`PUB ${subject} inbox ${Buffer.byteLength(payload)}\r\n${payload}\r\n`)
      return JSON.parse(await next(/^\{/)) as Record<string, unknown>
    },
    close: () => socket.destroy(),
  }
}
