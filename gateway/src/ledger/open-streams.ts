import { MAX_LEDGER_STREAMS, MAX_TENANT_LEDGER_STREAMS, Problem } from '@stella/contracts'

/** Counts the ledger streams that a gateway sends, so that slow readers cannot take all of its memory. */
export class OpenStreams {
  readonly #open = new Map<string, number>()
  #all = 0

  /**
   * Counts one more. @returns what to call when it has ended; a second call does nothing
   * @throws `ledger/busy` where the tenant, or all together, have as many open as are allowed
   */
  enter(tenantId: string): () => void {
    this.#requireRoom(tenantId)
    this.#move(tenantId, 1)
    let ended = false
    return () => {
      if (!ended) this.#move(tenantId, -1)
      ended = true
    }
  }

  #requireRoom(tenantId: string): void {
    if ((this.#open.get(tenantId) ?? 0) < MAX_TENANT_LEDGER_STREAMS && this.#all < MAX_LEDGER_STREAMS) return
    throw new Problem(
      'ledger/busy',
      'too many streams of the ledger are open: read those to their end, or try again later',
    )
  }

  #move(tenantId: string, by: 1 | -1): void {
    const open = (this.#open.get(tenantId) ?? 0) + by
    this.#all += by
    if (open === 0) this.#open.delete(tenantId)
    else this.#open.set(tenantId, open)
  }
}
