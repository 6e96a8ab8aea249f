import { Problem } from '@stella/contracts'

/**
 * Lets a page open a WebSocket where its origin has the host that was asked, or is in the list. Programs name no origin and are let
 * through: what lets them in is their token, which a browser never sends by itself.
 * @throws `auth/denied`
 */
export function requireOrigin(headers: Headers, allowed: readonly string[]): void {
  const origin = headers.get('origin')
  if (origin === null || allowed.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === headers.get('host')) return
  throw new Problem('auth/denied', 'pages of this origin may not read updates: name it in STELLA_ALLOWED_ORIGINS')
}
