import { interruptedBy } from '../interrupted-by.ts'

/**
 * The chunks of a source, until a signal is aborted: then its reason is thrown at once, also while the source is silent. The source
 * is told to stop, but not waited for.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let ended = false
  try {
    signal.throwIfAborted()
    for (;;) {
      const next = await interruptedBy(signal, iterator.next())
      if (next.done) {
        ended = true
        return
      }
      yield next.value
    }
  } finally {
    if (!ended) iterator.return?.().catch(() => undefined) // What the source says to being stopped changes nothing.
  }
}
