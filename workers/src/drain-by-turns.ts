/** What several tenants recorded, and how a batch of one of them is worked off. */
export interface Backlog {
  readonly tenants: readonly string[]
  /** Resolves to true where the tenant has more. */
  readonly drain: (tenantId: string) => Promise<boolean>
}

/** Works off what tenants recorded, a batch each by turns, so that a busy one holds up no other. Ends early where the signal is aborted. */
export async function drainByTurns({ tenants, drain }: Backlog, signal: AbortSignal): Promise<void> {
  for (let waiting = tenants; waiting.length > 0; ) {
    const more: string[] = []
    for (const tenantId of waiting) {
      if (signal.aborted) return
      if (await drain(tenantId)) more.push(tenantId)
    }
    waiting = more
  }
}
