import type { Taken } from './token-leases.ts'

/**
 * What a request left of its quotas, as draft-ietf-httpapi-ratelimit-headers-10 writes it: lists of strings with parameters (RFC 9651).
 * `q` is the quota, `w` its window in seconds, `r` what is left, `t` the seconds until the next token, or until the quota is full.
 */
export function rateLimitHeaders(quotas: readonly Taken[]): Record<string, string> {
  const refused = quotas.find(({ allowed }) => !allowed)
  return {
    'ratelimit-policy': quotas
      .map(({ quota }) => `"${quota.name}";q=${quota.tokens};w=${quota.windowSeconds}`)
      .join(', '),
    ratelimit: quotas
      .map(({ quota, remaining, resetSeconds }) => `"${quota.name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
    ...(refused ? { 'retry-after': String(refused.resetSeconds) } : {}),
  }
}
