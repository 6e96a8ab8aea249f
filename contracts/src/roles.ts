/** The roles that a token may carry (specification 12.1); each includes the ones before it. */
export const roles = ['Export.Viewer', 'Export.Operator', 'Export.Admin'] as const
/** One of the three roles. */
export type Role = (typeof roles)[number]

/** True where any of the roles held is `needed` or one that includes it. Names outside the table grant nothing. */
export function grants(held: readonly string[], needed: Role): boolean {
  return held.some((role) => roles.indexOf(role as Role) >= roles.indexOf(needed))
}
