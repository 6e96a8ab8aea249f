import { Problem } from '@stella/contracts'

import type { GatewayDeps } from '../deps.ts'

/**
 * Looks whether the KMS key that a profile is to name can wrap the data keys of its mirrors, so that no run finds out after its work.
 * @throws `request/invalid` where it cannot, and where the installation has no KMS for it · `kms/unavailable`
 */
export async function requireWrappingKey(
  { wrappingKms }: Pick<GatewayDeps, 'wrappingKms'>,
  { tenantId, name }: { readonly tenantId: string; readonly name: string | undefined },
): Promise<void> {
  if (name === undefined) return
  const advice = 'name recipients, or ask who operates the service'
  if (!wrappingKms) throw refused(`this installation has no KMS for encryption: ${advice}`)
  const fault = await wrappingKms.fault({ tenantId, name })
  if (fault) throw refused(`${fault}; ${advice}`)
}

function refused(why: string): Problem {
  return new Problem('request/invalid', `config.encryption.kms_key: ${why}`)
}
