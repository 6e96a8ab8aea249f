import type { Endpoint } from '../endpoints/endpoint.ts'
import { endpoints } from '../endpoints.ts'
import { ComponentSchemas, type Json } from './component-schemas.ts'
import { answerSchemas, requestSchemas } from './named-schemas.ts'
import { operation, tagOf } from './operation.ts'

/** Version of the API: a change that an old caller would not survive takes the next one. */
const API_VERSION = '1'

const description = `Portable, signed, reproducible bundles of vulnerability evidence.

Every failure is a problem (RFC 9457) whose \`code\` is stable. A path that exists answers other methods with 405 and \`Allow\`; HEAD works
wherever GET does. Another tenant's id answers as one that does not exist.`

/** The API as an OpenAPI 3.1 document, made of the table of endpoints. Equal tables give equal documents. */
export function openApi(): Json {
  const schemas = {
    request: new ComponentSchemas('input', requestSchemas),
    answer: new ComponentSchemas('output', answerSchemas),
  }
  const paths: Record<string, Json> = {}
  for (const [name, endpoint] of Object.entries<Endpoint>(endpoints)) {
    const path = templateOf(endpoint.path)
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(name, endpoint, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Export Center',
      version: API_VERSION,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values<Endpoint>(endpoints).map(({ path }) => tagOf(path)))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...schemas.request.components(), ...schemas.answer.components() },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Claims: `tenant`, `roles`.' },
      },
    },
  }
}

/** Path of an endpoint as OpenAPI writes it: `/export/runs/{id}`. */
function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}')
}
