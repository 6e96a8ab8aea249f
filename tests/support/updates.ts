import { type UpdateFrame, updateFrame } from '@stella/contracts'
import WebSocket from 'ws'

/** A reader of the stream of updates, as a program would write it. */
export interface UpdatesClient {
  readonly socket: WebSocket
  /** Every frame so far, each held to the schema. */
  readonly frames: UpdateFrame[]
  /** Frames of runs, without those of the stream itself. */
  events(): UpdateFrame[]
  /** States of a run in the order in which they came. */
  states(run: string): unknown[]
  /** Resolves once the frames fulfil a condition. */
  until(condition: (frames: readonly UpdateFrame[]) => boolean): Promise<void>
  /** Resolves with how the connection was closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a stream of updates and waits for its handshake. @throws Error with the status and body of a refusal */
export async function openUpdates(
  url: string,
  query = '',
  options: { token?: string; protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<UpdatesClient> {
  const { token, protocols = [], headers = {} } = options
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/export/streams/updates${query}`, protocols, {
    headers: { ...authorization, ...headers },
  })
  const client = clientOf(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)))
    })
  })
  return client
}

function clientOf(socket: WebSocket): UpdatesClient {
  const frames: UpdateFrame[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('a frame of updates is text')
    frames.push(updateFrame.parse(JSON.parse(String(data))))
    for (const check of waiting) check()
  })
  const events = () => frames.filter(({ type }) => !type.startsWith('com.stella.export.updates.'))
  return {
    socket,
    frames,
    events,
    states: (run) => events().flatMap(({ data }) => (data.run_id === run ? [data.state] : [])),
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition(frames)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    closed: new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }))),
  }
}

/** True once the stream has said that all that was kept was sent. */
export function isReady(frames: readonly UpdateFrame[]): boolean {
  return frames.some(({ type }) => type === 'com.stella.export.updates.ready.v1')
}
