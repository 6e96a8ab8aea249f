import { JSON_BODY_MS, type JsonBody, MAX_DISCARDED_BODY_BYTES, MAX_JSON_BODY_BYTES, Problem } from '@stella/contracts'
import type { Context } from 'hono'

import { doubledMember } from './doubled-member.ts'
import { parsed } from './parsed.ts'

/**
 * Reads a JSON body of at most `MAX_JSON_BODY_BYTES` and parses it once, by its contract. Without a `Content-Type` it is taken for JSON.
 * @throws `request/unsupported-media-type` · `request/timeout` · `request/too-large` · `request/invalid`, naming each field that is wrong
 */
export async function jsonBody(c: Context, { mediaTypes, schema }: JsonBody): Promise<unknown> {
  requireReadable(c, mediaTypes)
  return parsed(schema, parseJson(decoded(await bytesInTime(c))), 'the body')
}

/** A body that its sender calls something else is not guessed at (RFC 9110, sections 8.3, 8.4 and 15.5.16). */
function requireReadable(c: Context, mediaTypes: readonly string[]): void {
  const [type = '', ...parameters] = (c.req.header('content-type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase())
  const isOther = parameters.some((parameter) => /^charset=(?!"?utf-?8"?$)/.test(parameter))
  if ((type !== '' && !mediaTypes.includes(type)) || isOther) {
    const wanted = mediaTypes.join(' or ')
    throw new Problem('request/unsupported-media-type', `Content-Type is another: send ${wanted}, in UTF-8`)
  }
  const coding = (c.req.header('content-encoding') ?? '').trim().toLowerCase()
  if (coding !== '' && coding !== 'identity') {
    throw new Problem('request/unsupported-media-type', 'the body is coded: send it without Content-Encoding')
  }
}

function parseJson(text: string): unknown {
  const value = parseText(text)
  const doubled = doubledMember(text)
  if (doubled === null) return value
  throw new Problem('request/invalid', `${doubled}: is given more than once`)
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem('request/invalid', 'the body is not JSON', { cause: error })
  }
}

/** A sender that trickles would hold the request for ever: each byte that comes resets a limit of silence. */
async function bytesInTime(c: Context): Promise<Uint8Array> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), JSON_BODY_MS)
  })
  const cut = (error: unknown) => {
    if (error instanceof Problem) throw error
    throw new Problem('request/invalid', 'the body ended before its end: send it again', { cause: error })
  }
  try {
    return await Promise.race([limitedBytes(c).catch(cut), late])
  } finally {
    clearTimeout(timer)
  }
}

async function limitedBytes(c: Context): Promise<Uint8Array> {
  // No more than its length comes of a body that states one, so that it can be taken whole.
  if (Number(c.req.header('content-length') ?? Number.NaN) <= MAX_JSON_BODY_BYTES) {
    return new Uint8Array(await c.req.arrayBuffer())
  }
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of c.req.raw.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes <= MAX_JSON_BODY_BYTES) chunks.push(chunk)
    if (sizeBytes > MAX_DISCARDED_BODY_BYTES) break
  }
  if (sizeBytes > MAX_JSON_BODY_BYTES) {
    throw new Problem('request/too-large', `the body is over ${MAX_JSON_BODY_BYTES} bytes`)
  }
  return Buffer.concat(chunks)
}

function tooSlow(): Problem {
  return new Problem('request/timeout', `the body did not come within ${JSON_BODY_MS / 1000} s: send it at once`)
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Problem('request/invalid', 'the body is not UTF-8', { cause: error })
  }
}
