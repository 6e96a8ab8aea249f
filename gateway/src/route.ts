import type { Asked, EndpointName, endpoints } from '@stella/contracts'
import type { Context } from 'hono'

import type { GatewayEnv } from './deps.ts'

/** What answers one endpoint: it gets the request's parts parsed by the endpoint's entry in the table. */
export type Route<Name extends EndpointName> = (
  c: Context<GatewayEnv>,
  asked: Asked<(typeof endpoints)[Name]>,
) => Promise<Response>
