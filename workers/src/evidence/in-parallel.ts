import { EVIDENCE_PARALLEL_READS, Problem } from '@stella/contracts'

/** Does work for each item, `EVIDENCE_PARALLEL_READS` at a time. The first failure stops the others, and is the one that is thrown. */
export async function inParallel<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const queue = items.entries()
  let failure: { error: unknown } | null = null
  const worker = async () => {
    for (const [index, item] of queue) {
      if (either.aborted) return
      await work(item, index, either).catch((error: unknown) => {
        failure ??= { error }
        failed.abort()
      })
    }
  }
  await Promise.all(Array.from({ length: EVIDENCE_PARALLEL_READS }, worker))
  if (failure) throw (failure as { error: unknown }).error
  if (signal.aborted) throw new Problem('native/cancelled', 'the reading of evidence was stopped')
}
