import { CancelFlag } from '#binding'

/**
 * Runs native work under an abort signal: the one place where an `AbortSignal` becomes a `CancelFlag` of the binding.
 *
 * Work that is told to stop rejects with `native/cancelled` at its next poll of the flag; work that has already ended is
 * not disturbed. The listener is removed when the work ends, so that a long-lived signal gathers none.
 *
 * @param signal - `undefined` for work that is never cancelled
 * @param work - is given the flag, and passes it to every binding call that it makes
 * @returns what `work` answers
 * @throws whatever `work` rejects with; `native/cancelled` when the signal was raised first
 */
export async function withCancelFlag<T>(
  signal: AbortSignal | undefined,
  work: (flag: CancelFlag) => Promise<T>,
): Promise<T> {
  const flag = new CancelFlag()
  if (!signal) return await work(flag)

  const cancel = () => flag.cancel()
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await work(flag)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
