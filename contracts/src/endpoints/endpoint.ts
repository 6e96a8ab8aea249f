import type { z } from 'zod'

import type { AuditAction } from '../audit.ts'
import type { ProblemCode } from '../problem.ts'
import type { Role } from '../roles.ts'

/** A body that the gateway reads whole and parses as JSON by `schema`. */
export interface JsonBody {
  /** Media types that a caller may name; without any, JSON is assumed. */
  readonly mediaTypes: readonly string[]
  readonly schema: z.ZodType
  /** Bodies that are accepted, by name: shown in the OpenAPI document, and tried by a test. */
  readonly examples: Readonly<Record<string, unknown>>
}

/** A body that the route reads as a stream of bytes. */
export interface ByteBody {
  readonly mediaTypes: readonly string[]
  readonly maxBytes: number
  readonly description: string
}

/** The content of an answer: one JSON document (`schema`), JSON lines (`lines`, the schema of one line), or bytes (neither). */
export interface Content {
  readonly mediaType: string
  readonly schema?: z.ZodType
  readonly lines?: z.ZodType
}

/** An answer that is no problem. Without `content` it has no body, as 101, 204 and 304. */
export interface Answer {
  readonly description: string
  readonly content?: Content
  /** Headers that callers may rely on, each with `.describe()`. */
  readonly headers?: Readonly<Record<string, z.ZodType>>
}

/**
 * A way into the API: what it takes, who may use it, and everything that it may answer. The gateway parses requests by it, the OpenAPI
 * document is made of it, and tests hold the service to it.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path with `:name` for each of `params`. */
  readonly path: string
  /** The least role that may use it; null needs no token. */
  readonly role: Role | null
  /**
   * Its name in the audit log. The route records it by `recordAction`, in the transaction that does it; what it is refused or fails with is
   * recorded for it.
   */
  readonly audit?: AuditAction
  readonly summary: string
  /** What the path names. One that cannot be is the name of nothing: 404. */
  readonly params?: z.ZodObject
  /** Query parameters. A member that is an array may be given several times. Strict: an unknown name is refused. */
  readonly query?: z.ZodObject
  /** Request headers, in lower case. A required `if-match` that is absent answers 428. */
  readonly headers?: z.ZodObject
  readonly body?: JsonBody | ByteBody
  /** True where a request asks for a WebSocket, and may bring its token as a subprotocol, since a browser can send it no other way. */
  readonly isSocket?: true
  /** Answers by status, problems aside. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Problems of its own, beside those that `problemsOf` adds for what it takes and needs. */
  readonly problems: readonly ProblemCode[]
}

type Part<E, Name extends string> = E extends { readonly [name in Name]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined

/** What a request to an endpoint holds, parsed; parts that its table entry does not name are undefined, and so is a body of bytes. */
export interface Asked<E extends Endpoint> {
  readonly params: Part<E, 'params'>
  readonly query: Part<E, 'query'>
  readonly headers: Part<E, 'headers'>
  readonly body: E extends { readonly body: infer Body } ? Part<Body, 'schema'> : undefined
}

/** True where the body is JSON that the gateway parses. */
export function isJsonBody(body: JsonBody | ByteBody | undefined): body is JsonBody {
  return body !== undefined && 'schema' in body
}
