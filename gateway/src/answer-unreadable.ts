import type { Duplex } from 'node:stream'
import { LINGER_MS, MAX_HEADER_BYTES, Problem } from '@stella/contracts'

import type { Log } from './deps.ts'
import { problemResponse } from './problem-response.ts'

/**
 * Answers on the socket itself what Node cannot read as HTTP: the problem that any other failure would be. The rest of what the caller
 * sends is read for `LINGER_MS`, so that it gets to read the answer instead of a broken connection; then the socket is closed.
 */
export async function answerUnreadable(error: Error, socket: Duplex, log: Log): Promise<void> {
  if (socket.writableEnded || !socket.writable) return
  const answer = problemResponse(problemOf(error), log)
  const body = await answer.text()
  const headers = {
    ...Object.fromEntries(answer.headers),
    connection: 'close',
    'content-length': Buffer.byteLength(body),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${answer.status} ${reasons[answer.status] ?? ''}`, ...lines, '', body].join('\r\n'))
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error
  const code = 'code' in error ? error.code : null
  if (code === 'HPE_HEADER_OVERFLOW') {
    const detail = `path, query and headers together are over ${MAX_HEADER_BYTES} bytes: send less`
    return new Problem('request/headers-too-large', detail, { cause: error })
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request/timeout', 'the head of the request did not come in time: send it at once', {
      cause: error,
    })
  }
  return new Problem('request/invalid', 'the request cannot be read: it is not HTTP', { cause: error })
}
