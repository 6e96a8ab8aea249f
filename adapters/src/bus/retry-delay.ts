/** Pause before what failed `attempt` times is tried again: `firstMs`, doubled with each attempt, at most `maxMs`. */
export function retryDelay(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  return Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), maxMs)
}
