import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /export/keys: 200 every public key that signed or signs, the current one first. */
export function listKeysRoute({ kms }: Pick<GatewayDeps, 'kms'>): Route<'listKeys'> {
  return async (c) => c.json({ keys: await kms.publicKeys() })
}
