import { type Job, type JobMessage, type JobStep, Problem, problems, toProblem } from '@stella/contracts'
import { type Msg, nanos } from 'nats'

import type { BusLimits, BusLogEntry, JobConsumer } from './bus.ts'
import type { NatsLink } from './nats-link.ts'
import { deliveryCount, parseJob } from './parse-job.ts'
import { retryDelay } from './retry-delay.ts'

/** Attempts to publish what follows from a job, or to confirm that it is done, over losses of the connection. */
const ANSWER_ATTEMPTS = 5
/**
 * How long an answer's confirmation is waited for, in milliseconds. Short: a server that was killed does not know what it had
 * delivered, and is silent about it.
 */
const CONFIRM_MS = 1000

/** What a delivery needs of its bus. */
export interface DeliveryDeps<S extends JobStep> {
  readonly step: S
  readonly consumer: JobConsumer<S>
  readonly signal: AbortSignal
  readonly link: NatsLink
  readonly limits: BusLimits
  readonly publishJob: (job: Job) => Promise<void>
  readonly log: (entry: BusLogEntry) => void
}

/** What a delivery ends with (nats-architecture-and-design, ADR-15). */
type Answer = { readonly kind: 'ack' } | { readonly kind: 'term' } | { readonly kind: 'nak'; readonly delayMs: number }

/** Does one delivered job and answers for it; never rejects. Until then the server is told at intervals that work goes on. */
export async function deliverJob<S extends JobStep>(deps: DeliveryDeps<S>, delivered: Msg): Promise<void> {
  const { step, link, limits, log } = deps
  const attempt = deliveryCount(delivered.reply)
  const message = parseJob(step, delivered.data)
  const heartbeat = setInterval(() => {
    if (!link.lost.aborted) delivered.respond('+WPI')
  }, limits.heartbeatMs)
  try {
    const answer = message === null ? unreadable(deps, attempt) : await outcomeOf(deps, message, attempt)
    await withConnection(deps, () => confirm(deps, delivered, answer))
  } catch (error) {
    // The server will deliver the job again; doing it twice is harmless.
    log({ severity: 'warn', message: 'the answer for a job is not confirmed', step, attempt, err: toProblem(error) })
  } finally {
    clearInterval(heartbeat)
  }
}

/** Gives a message back at once, undone. */
export async function returnJob<S extends JobStep>(deps: DeliveryDeps<S>, delivered: Msg): Promise<void> {
  await confirm(deps, delivered, { kind: 'nak', delayMs: 0 }).catch(() => undefined) // Else it comes back by itself.
}

function unreadable<S extends JobStep>({ step, log }: DeliveryDeps<S>, attempt: number): Answer {
  const problem = new Problem('request/invalid', 'the message is not a job of its step')
  log({ severity: 'error', message: 'a job cannot be read and was dropped', step, attempt, err: problem })
  return { kind: 'term' }
}

async function outcomeOf<S extends JobStep>(
  deps: DeliveryDeps<S>,
  message: JobMessage<S>,
  attempt: number,
): Promise<Answer> {
  const { step, consumer, signal, limits, publishJob, log } = deps
  if (attempt > limits.maxDeliveries) {
    const deliveries = `it was delivered ${limits.maxDeliveries} times, and no worker finished it`
    const problem = new Problem('run/attempts-exhausted', `the ${step} job is given up: ${deliveries}`)
    return giveUp(deps, { message, attempt, problem })
  }
  try {
    const followUps = await consumer.handle(message, { signal, attempt })
    for (const job of followUps) await withConnection(deps, () => publishJob(job))
    return { kind: 'ack' }
  } catch (error) {
    if (signal.aborted) return { kind: 'nak', delayMs: 0 }
    const problem = toProblem(error)
    if (!problems[problem.code].retryable || attempt === limits.maxDeliveries) {
      return giveUp(deps, { message, attempt, problem })
    }
    log({ severity: 'warn', message: 'a job failed and will be tried again', step, attempt, err: problem })
    return retryLater(limits, attempt)
  }
}

async function giveUp<S extends JobStep>(
  { step, consumer, limits, log }: DeliveryDeps<S>,
  job: { message: JobMessage<S>; attempt: number; problem: Problem },
): Promise<Answer> {
  const { message, attempt, problem } = job
  try {
    await consumer.failed(message, problem)
    log({ severity: 'error', message: 'a job was given up', step, attempt, err: problem })
    return { kind: 'term' }
  } catch (error) {
    log({ severity: 'error', message: 'the end of a job could not be recorded', step, attempt, err: toProblem(error) })
    return retryLater(limits, attempt)
  }
}

function retryLater({ retryMs, retryMaxMs }: BusLimits, attempt: number): Answer {
  return { kind: 'nak', delayMs: retryDelay(attempt, { firstMs: retryMs, maxMs: retryMaxMs }) }
}

/** Sends an answer and waits until the server has it. */
async function confirm<S extends JobStep>({ link }: DeliveryDeps<S>, delivered: Msg, answer: Answer): Promise<void> {
  const texts = {
    ack: '+ACK',
    term: '+TERM',
    nak: answer.kind === 'nak' && answer.delayMs > 0 ? `-NAK {"delay":${nanos(answer.delayMs)}}` : '-NAK',
  }
  await link.answered('a job cannot be answered for', () =>
    link.connection.request(delivered.reply ?? '', texts[answer.kind], { timeout: CONFIRM_MS }),
  )
}

/** Runs a call to the bus, and again after each loss of the connection: what a worker has done should not be thrown away. */
async function withConnection<S extends JobStep>(
  { link, signal }: DeliveryDeps<S>,
  call: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const session = link.lost
    try {
      return await call()
    } catch (error) {
      if (!session.aborted || attempt === ANSWER_ATTEMPTS) throw error
      await link.connected(signal)
    }
  }
}
