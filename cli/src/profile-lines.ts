import type { Profile } from '@stella/contracts'

/** A profile for people, a fact a line. */
export function profileLines(profile: Profile): string[] {
  return [
    `profile   ${profile.id}, revision ${profile.revision}`,
    `name      ${profile.name}`,
    `kind      ${profile.kind}:${profile.variant}`,
    `config    ${JSON.stringify(profile.config)}`,
    `created   ${profile.created_at} by ${profile.created_by}`,
  ]
}
