import { z } from 'zod'

import { type ByteBody, type Endpoint, isJsonBody, type JsonBody } from '../endpoints/endpoint.ts'
import type { ComponentSchemas, Json } from './component-schemas.ts'
import { pascalCase } from './pascal-case.ts'
import { responses } from './responses.ts'

/** Schemas of both directions. */
export interface Schemas {
  readonly request: ComponentSchemas
  readonly answer: ComponentSchemas
}

/** One endpoint as an OpenAPI operation. */
export function operation(name: string, endpoint: Endpoint, schemas: Schemas): Json {
  const { role, summary, params, query, headers, body } = endpoint
  const parameters = [
    ...parametersIn('path', params),
    ...parametersIn('query', query),
    ...parametersIn('header', headers),
  ]
  return {
    operationId: name,
    tags: [tagOf(endpoint.path)],
    summary,
    description: role === null ? 'Needs no token.' : `Needs the role ${role}, or one that includes it.`,
    ...(role === null ? { security: [] } : { security: [{ bearer: [] }], 'x-required-role': role }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(name, body, schemas.request) }),
    responses: responses(name, endpoint, schemas.answer),
  }
}

/** Group of an endpoint: the resource that its path begins with. */
export function tagOf(path: string): string {
  const [, first = '', second] = path.split('/')
  return first === 'export' && second ? second : first.replace(/\..*$/, '')
}

function parametersIn(place: 'path' | 'query' | 'header', contract: z.ZodObject | undefined): Json[] {
  return Object.entries<z.ZodType>(contract?.shape ?? {}).map(([name, member]) => {
    const { $schema: _draft, description, ...schema } = z.toJSONSchema(member, { io: 'input' })
    const isRequired = !member.safeParse(undefined).success
    return { name, in: place, required: isRequired, ...(description ? { description } : {}), schema }
  })
}

function requestBody(name: string, body: JsonBody | ByteBody, schemas: ComponentSchemas): Json {
  if (!isJsonBody(body)) {
    const content = Object.fromEntries(body.mediaTypes.map((mediaType) => [mediaType, { schema: {} }]))
    return { required: true, description: `${body.description} At most ${body.maxBytes} bytes.`, content }
  }
  const examples = Object.fromEntries(Object.entries(body.examples).map(([title, value]) => [title, { value }]))
  const schema = schemas.reference(body.schema, `${pascalCase(name)}Body`)
  return {
    required: true,
    content: Object.fromEntries(body.mediaTypes.map((mediaType) => [mediaType, { schema, examples }])),
  }
}
