import { type Role, roles } from '@stella/contracts'

/** Those of the three roles that a token carries; other names grant nothing and are nobody's business. */
export function knownRoles(held: readonly string[]): Role[] {
  return roles.filter((role) => held.includes(role))
}
