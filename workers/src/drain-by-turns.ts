/** Batches of one tenant in one round; then tenants are looked for again. */
export const DRAIN_TURNS = 20

/** What several tenants recorded, and how a batch of one of them is worked off. */
export interface Backlog {
  readonly tenants: readonly string[]
  /** Resolves to true where the tenant has more. */
  readonly drain: (tenantId: string) => Promise<boolean>
}

/**
 * Works off what tenants recorded, a batch each by turns, so that a busy one holds up no other. A tenant whose batch fails gets no further
 * turn, and the others get theirs. Ends after `DRAIN_TURNS` turns, so that its caller looks for tenants again, and early where the signal
 * is aborted.
 * @throws Error which names the first tenant that failed, after the turns of all others
 */
export async function drainByTurns({ tenants, drain }: Backlog, signal: AbortSignal): Promise<void> {
  const failures: { tenantId: string; cause: unknown }[] = []
  let waiting = tenants
  for (let turn = 0; turn < DRAIN_TURNS && waiting.length > 0; turn++) {
    const more: string[] = []
    for (const tenantId of waiting) {
      if (signal.aborted) return
      try {
        if (await drain(tenantId)) more.push(tenantId)
      } catch (cause) {
        failures.push({ tenantId, cause })
      }
    }
    waiting = more
  }
  const [first] = failures
  if (first === undefined) return
  const { tenantId, cause } = first
  throw new Error(`${failures.length} of ${tenants.length} tenants, the first ${tenantId}: ${cause}`, { cause })
}
