import { Problem } from '@stella/contracts'
import { createInbox, type Msg, type NatsConnection, nanos } from 'nats'

/** How long a pull waits for a job before it is made again, in milliseconds. */
const PULL_MS = 5000
/** How much longer the client waits than the server, so that no job is sent to nobody. */
const PULL_GRACE_MS = 2000
/** How long a stopped pull looks out for a job that is on its way, in milliseconds. */
const STOP_GRACE_MS = 1000
const NO_MESSAGE = [404, 408]

/** Where to pull from, and when to stop: `stop` still takes a job that is on its way, `lost` waits for nothing. */
export interface Pull {
  readonly connection: NatsConnection
  readonly stream: string
  readonly consumer: string
  readonly stop: AbortSignal
  readonly lost: AbortSignal
}

/**
 * The next message of a pull consumer, or null where none came in time, the connection was lost or the pull was stopped.
 * @throws `bus/unavailable` where the server refuses the pull: the consumer is gone, or JetStream is not ready
 */
export function pullMessage({ connection, stream, consumer, stop, lost }: Pull): Promise<Msg | null> {
  const inbox = createInbox()
  return new Promise((resolve, reject) => {
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        const status = message?.headers?.code ?? 0
        if (error) settle(() => reject(refused(error.code, error)))
        else if (status === 0) settle(() => resolve(message))
        else if (NO_MESSAGE.includes(status)) settle(() => resolve(null))
        else settle(() => reject(refused(`${status} ${message.headers?.description ?? ''}`)))
      },
    })
    let timer = setTimeout(() => settle(() => resolve(null)), PULL_MS + PULL_GRACE_MS)
    const onLost = () => settle(() => resolve(null))
    const onStop = () => {
      clearTimeout(timer)
      timer = setTimeout(onLost, STOP_GRACE_MS)
      subscription.drain().then(onLost, onLost) // Resolves when the server sends no more, and all it sent was seen.
    }
    function settle(outcome: () => void): void {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
      lost.removeEventListener('abort', onLost)
      if (!subscription.isClosed()) subscription.unsubscribe()
      outcome()
    }

    stop.addEventListener('abort', onStop, { once: true })
    lost.addEventListener('abort', onLost, { once: true })
    if (stop.aborted || lost.aborted) return onLost()
    const request = JSON.stringify({ batch: 1, expires: nanos(PULL_MS) })
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox })
  })
}

function refused(why: string, cause?: unknown): Problem {
  return new Problem('bus/unavailable', `the next job cannot be had: ${why}`, { cause })
}
