import { BEARER_PROTOCOL_PREFIX } from '@stella/contracts'

/** The token among the subprotocols that a WebSocket request offers (RFC 6455, section 11.3.4), or null. */
export function protocolToken(header: string | undefined): string | null {
  const offered = header?.split(',').map((name) => name.trim()) ?? []
  return offered.find((name) => name.startsWith(BEARER_PROTOCOL_PREFIX))?.slice(BEARER_PROTOCOL_PREFIX.length) ?? null
}
