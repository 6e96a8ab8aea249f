import { z } from 'zod'

import type { Answer, Content, Endpoint } from '../endpoints/endpoint.ts'
import { problemsOf } from '../endpoints/problems-of.ts'
import { mediaTypes } from '../media-types.ts'
import { type ProblemCode, problems } from '../problem.ts'
import { problemBody } from '../problem-body.ts'
import type { ComponentSchemas, Json } from './component-schemas.ts'
import { pascalCase } from './pascal-case.ts'

/** Every answer of an endpoint, by status: those of its table entry, then its problems. */
export function responses(name: string, endpoint: Endpoint, schemas: ComponentSchemas): Json {
  const answers = Object.entries(endpoint.answers).map(([status, answer]) => [
    status,
    response(answer, schemas, `${pascalCase(name)}${status}`),
  ])
  const codes = problemsOf(endpoint)
  const statuses = [...new Set(codes.map((code): number => problems[code].status))].sort((a, b) => a - b)
  const failures = statuses.map((status) => {
    const ofStatus = codes.filter((code) => problems[code].status === status)
    return [String(status), problemResponse(status, ofStatus, schemas)]
  })
  return Object.fromEntries([...answers, ...failures])
}

function response({ description, content, headers = {} }: Answer, schemas: ComponentSchemas, name: string): Json {
  return {
    description,
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) }),
    ...(content === undefined ? {} : { content: { [content.mediaType]: mediaType(content, schemas, name) } }),
  }
}

function mediaType({ schema, lines }: Content, schemas: ComponentSchemas, name: string): Json {
  if (schema) return { schema: schemas.reference(schema, name) }
  // OpenAPI 3.1 has no word for the schema of a line; 3.2 calls it so.
  if (lines) return { schema: { type: 'string' }, 'x-itemSchema': schemas.reference(lines, name) }
  return { schema: {} }
}

function headersOf(headers: Readonly<Record<string, z.ZodType>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, contract]) => {
      const { $schema: _draft, description, ...schema } = z.toJSONSchema(contract, { io: 'output' })
      return [
        name,
        { ...(description ? { description } : {}), required: !contract.safeParse(undefined).success, schema },
      ]
    }),
  )
}

/** Headers that come with a status, whatever the endpoint. */
const problemHeaders: Readonly<Record<number, Readonly<Record<string, z.ZodType>>>> = {
  401: { 'www-authenticate': z.string().describe('How to authenticate.') },
  429: {
    'retry-after': z.string().describe('Seconds after which to try again.'),
    ratelimit: z.string().describe('What is left of each quota: `"name";r=left;t=seconds`.'),
    'ratelimit-policy': z.string().describe('The quotas: `"name";q=quota;w=window in seconds`.'),
  },
  503: { 'retry-after': z.string().describe('Seconds after which to try again.') },
}

function problemResponse(status: number, codes: readonly ProblemCode[], schemas: ComponentSchemas): Json {
  const base = schemas.reference(problemBody, 'Problem')
  const schema = { allOf: [base], properties: { status: { const: status }, code: { enum: codes } } }
  const headers = headersOf(problemHeaders[status] ?? {})
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: { [mediaTypes.problem]: { schema } },
  }
}
