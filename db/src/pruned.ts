/**
 * How far the removal of an expired run's bytes is. The row says so first, then bytes go: `removing-data`, its bundle is going; `data`,
 * it is gone; `removing-all`, everything is going; `all`, nothing is left.
 */
export type Pruned = 'removing-data' | 'data' | 'removing-all' | 'all'

/** True where manifest, provenance and signatures of a run are still there. */
export function keepsDocuments(pruned: Pruned | null): boolean {
  return pruned === null || pruned === 'removing-data' || pruned === 'data'
}
