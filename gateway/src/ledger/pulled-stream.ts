import type { OpenStreams } from './open-streams.ts'

/** Whose bytes to send, and whom to tell of a failure: the reader only sees that the stream was cut. */
export interface PulledStream {
  readonly tenantId: string
  readonly chunks: AsyncGenerator<Uint8Array>
  readonly failed: (error: unknown) => void
}

/**
 * Bytes as their reader takes them, nothing ahead: a chunk is made when the one before it has gone out. Counts as open from now on,
 * so that no answer that has begun is refused, until the end, a failure, or the reader's leave; one that takes nothing leaves when its
 * connection is closed as idle.
 * @throws `ledger/busy`
 */
export function pulledStream(
  open: OpenStreams,
  { tenantId, chunks, failed }: PulledStream,
): ReadableStream<Uint8Array> {
  const leave = open.enter(tenantId)
  let hasLeft = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next()
          // A chunk that was being made when its reader left goes nowhere: the stream is closed by then.
          if (hasLeft) return
          if (!done) return controller.enqueue(value)
          leave()
          controller.close()
        } catch (error) {
          if (hasLeft) return
          leave()
          failed(error)
          controller.error(error)
        }
      },
      async cancel() {
        hasLeft = true
        leave()
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
