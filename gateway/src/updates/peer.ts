/** The far end of a WebSocket, as far as a stream of updates needs to know it. */
export interface Peer {
  /** Sends a text frame; `sent` is called once it has left this process. */
  send(frame: Uint8Array, sent?: () => void): void
  /** Bytes that wait to leave this process. */
  backlogBytes(): number
  /** Closes with a code and a reason of at most 123 bytes; a second call does nothing. */
  close(code: number, reason: string): void
  /** Aborted when the connection is over. */
  readonly closed: AbortSignal
}

/** A place that is kept for a connection that is being made. */
export interface Place {
  /** Takes it, once the handshake is done. */
  open(peer: Peer): void
  /** Gives it back, where the connection is over or never came about; a second call does nothing. */
  release(): void
}

/**
 * Makes a WebSocket of a request; its place is taken once the handshake is done, and given back where that fails. What it answers is to be
 * returned by the route. The one part of the API that the runtime must give: web standards have none.
 */
export type Upgrade = (request: Request, place: Place) => Response
