import { JSON_BODY_MS, MAX_DISCARDED_BODY_BYTES, MAX_JSON_BODY_BYTES, Problem } from '@stella/contracts'
import type { Context } from 'hono'
import type { z } from 'zod'

import { parsed } from './parsed.ts'

/**
 * Reads a JSON body of at most `MAX_JSON_BODY_BYTES` and parses it once, by its contract.
 * @throws `request/timeout` · `request/too-large` · `request/invalid`, naming each field that is wrong
 */
export async function jsonBody<T extends z.ZodType>(c: Context, contract: T): Promise<z.output<T>> {
  return parsed(contract, parseJson(await textInTime(c.req.raw)), 'the body')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem('request/invalid', 'the body is not JSON', { cause: error })
  }
}

/** A sender that trickles would hold the request for ever: each byte that comes resets a limit of silence. */
async function textInTime(request: Request): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const problem = new Problem(
      'request/timeout',
      `the body did not come within ${JSON_BODY_MS / 1000} s: send it at once`,
    )
    timer = setTimeout(() => reject(problem), JSON_BODY_MS)
  })
  try {
    return await Promise.race([limitedText(request), late])
  } finally {
    clearTimeout(timer)
  }
}

async function limitedText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes <= MAX_JSON_BODY_BYTES) chunks.push(chunk)
    if (sizeBytes > MAX_DISCARDED_BODY_BYTES) break
  }
  if (sizeBytes > MAX_JSON_BODY_BYTES) {
    throw new Problem('request/too-large', `the body is over ${MAX_JSON_BODY_BYTES} bytes`)
  }
  return decoded(Buffer.concat(chunks))
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Problem('request/invalid', 'the body is not UTF-8', { cause: error })
  }
}
