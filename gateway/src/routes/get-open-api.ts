import { openApi } from '@stella/contracts'

import type { Route } from '../route.ts'

/** GET /openapi.json: 200 the API as an OpenAPI 3.1 document */
export function getOpenApiRoute(): Route<'getOpenApi'> {
  const document = JSON.stringify(openApi())
  return async (c) => c.body(document, 200, { 'content-type': 'application/json' })
}
