import { connect, type NetConnectOpts, type Socket } from 'node:net'

/** Looks at a socket in the time that it may be silent. */
const LOOKS = 10

/** Where to connect to, and how long the other end may be silent. */
export interface WatchedAddress {
  readonly host: string
  readonly port: number
  readonly silenceMs: number
}

/**
 * A socket that is closed when nothing went over it for `silenceMs`: a server that is frozen, or behind a network that swallows packets,
 * breaks no connection by itself. It counts bytes, since the driver takes every listener off the socket when it begins TLS.
 */
export function watchedSocket({ host, port, silenceMs }: WatchedAddress): Socket & { host: string } {
  // The driver verifies the certificate of a server against this name.
  const socket = Object.assign(connect(serverAddress({ host, port })), { host })
  let moved = 0
  let quietLooks = 0
  const watch = setInterval(() => {
    if (socket.destroyed) return clearInterval(watch)
    const bytes = socket.bytesRead + socket.bytesWritten
    quietLooks = bytes === moved ? quietLooks + 1 : 0
    moved = bytes
    if (quietLooks >= LOOKS) socket.destroy(silent(silenceMs))
  }, silenceMs / LOOKS)
  watch.unref()
  return socket
}

/** Where a server listens: a host that is a folder holds its socket (PostgreSQL documentation, section 32.1.2). */
export function serverAddress({ host, port }: { host: string; port: number }): NetConnectOpts {
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

/** With an error the driver gives up a connection that it is about to make; without one it would try for ever. */
function silent(silenceMs: number): Error {
  return Object.assign(new Error(`the database said nothing for ${silenceMs} ms`), { code: 'CONNECTION_SILENT' })
}
