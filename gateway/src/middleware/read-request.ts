import { type Endpoint, isJsonBody, needsIfMatch, Problem } from '@stella/contracts'
import type { Context } from 'hono'
import { z } from 'zod'

import { jsonBody } from './json-body.ts'
import { parsed } from './parsed.ts'

/** What a request holds, each part parsed; `Asked` of `contracts` says it by endpoint. */
export interface ReadRequest {
  readonly params: unknown
  readonly query: unknown
  readonly headers: unknown
  readonly body: unknown
}

/**
 * Reads a request by its endpoint's entry in the table: path, query, headers, then a JSON body. Bytes are left to the route.
 * @throws `resource/not-found` for a path that can name nothing · `request/precondition-required` without a required `If-Match` ·
 * `request/invalid`, naming each field that is wrong · `request/unsupported-media-type` · `request/too-large`
 */
export async function readRequest(c: Context, { params, query, headers, body }: Endpoint): Promise<ReadRequest> {
  return {
    params: params && readParams(c, params),
    query: query && parsed(query, queryValues(c, query), 'the query'),
    headers: headers && readHeaders(c, headers),
    body: isJsonBody(body) ? await jsonBody(c, body) : undefined,
  }
}

function readParams(c: Context, contract: z.ZodObject): unknown {
  const read = contract.safeParse(c.req.param())
  if (!read.success) throw new Problem('resource/not-found', 'there is nothing of that id')
  return read.data
}

/** A parameter that is an array may be given several times, others once. */
function queryValues(c: Context, contract: z.ZodObject): Record<string, unknown> {
  requireDecodable(c.req.url)
  const given = Object.entries(c.req.queries())
  return Object.fromEntries(
    given.map(([name, values]) => {
      if (isList(contract.shape[name])) return [name, values]
      if (values.length > 1) throw new Problem('request/invalid', `${name}: is given more than once`)
      return [name, values[0]]
    }),
  )
}

/** What is no UTF-8 would be taken for other characters. */
function requireDecodable(url: string): void {
  try {
    decodeURIComponent(new URL(url).search)
  } catch (cause) {
    throw new Problem('request/invalid', 'the query: has a % that begins no character of UTF-8', { cause })
  }
}

function isList(member: z.ZodType | undefined): boolean {
  if (member instanceof z.ZodOptional || member instanceof z.ZodDefault) return isList(member.unwrap() as z.ZodType)
  return member instanceof z.ZodArray
}

function readHeaders(c: Context, contract: z.ZodObject): unknown {
  const names = Object.keys(contract.shape)
  const given = Object.fromEntries(names.map((name) => [name, c.req.header(name)]))
  if (given['if-match'] === undefined && needsIfMatch(contract)) {
    throw new Problem(
      'request/precondition-required',
      'If-Match is missing: send the ETag that the resource was read with',
    )
  }
  return parsed(contract, given, 'the headers')
}
