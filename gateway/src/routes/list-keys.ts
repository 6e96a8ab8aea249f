import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'

/** GET /export/keys: 200 every public key that signed or signs, the current one first. */
export function listKeysRoute({ kms }: Pick<GatewayDeps, 'kms'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => c.json({ keys: await kms.publicKeys() })
}
