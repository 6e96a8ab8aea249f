import { Problem } from '@stella/contracts'
import type { ConnectionOptions } from 'nats'

const KNOWN_SCHEMES = ['nats:', 'tls:']

/**
 * What a NATS URL says: `nats://host:port`, `nats://user:password@host:port`, `nats://token@host:port`; `tls:` for an encrypted
 * connection; several, separated by commas, for the servers of a cluster.
 * @throws `config/invalid` for anything else; the message never holds credentials
 */
export function natsOptions(natsUrl: string): ConnectionOptions {
  const urls = natsUrl.split(',').map(parseServer)
  const [{ username, password, protocol }] = urls as [URL, ...URL[]] // `split` gives one part or more.
  return {
    servers: urls.map(({ host }) => host),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
    ...(password ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : {}),
    ...(username && !password ? { token: decodeURIComponent(username) } : {}),
  }
}

function parseServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && KNOWN_SCHEMES.includes(url.protocol) && url.hostname) return url
  throw new Problem('config/invalid', 'NATS_URL cannot be read: give nats://host:port or tls://host:port')
}
