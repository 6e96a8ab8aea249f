import { type JobMessage, type JobStep, jobs } from '@stella/contracts'

/** The message of a step's job, or null where it is not one. */
export function parseJob<S extends JobStep>(step: S, data: Uint8Array): JobMessage<S> | null {
  try {
    const parsed = jobs[step].safeParse(JSON.parse(Buffer.from(data).toString('utf8')))
    return parsed.success ? (parsed.data as JobMessage<S>) : null
  } catch {
    return null
  }
}

/**
 * How often a message was delivered, from the subject to which it is acknowledged:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.…`, or `$JS.ACK.<domain>.<account>.<stream>.<consumer>.<deliveries>.…`
 * (nats-architecture-and-design, ADR-15).
 */
export function deliveryCount(reply: string | undefined): number {
  const tokens = reply?.split('.') ?? []
  return Number(tokens[tokens.length === 9 ? 4 : 6] ?? 1)
}
