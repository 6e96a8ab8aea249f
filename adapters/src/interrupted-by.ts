/**
 * The outcome of some work, or the reason of a signal once it is aborted, whichever comes first. The work itself is not stopped; what
 * it does afterwards is ignored. (Not Promise.race: a promise for a long-lived signal would keep each outcome in memory.)
 */
export function interruptedBy<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    const settled = () => signal.removeEventListener('abort', onAbort)
    work.then(resolve, reject).finally(settled)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
