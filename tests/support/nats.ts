import type { Stack } from '@stella/deploy'
import { connect, type NatsConnection } from 'nats'

/** A connection to the stack's message bus, as a program outside of the project would make it. */
export function openNats({ natsUrl }: Pick<Stack, 'natsUrl'>): Promise<NatsConnection> {
  const { host, username, password } = new URL(natsUrl)
  const login = username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  return connect({ servers: host, ...login })
}
