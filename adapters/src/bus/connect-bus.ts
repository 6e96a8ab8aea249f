import type { Bus } from './bus.ts'
import { type BusOptions, JetStreamBus } from './jetstream-bus.ts'

/**
 * Connects to the message bus that a URL names: `nats://host:port`, with `user:password@` where needed; `tls:` for an encrypted
 * connection; several, separated by commas, for a cluster. Once connected it reconnects for ever.
 * @throws `config/invalid` for any other URL and for refused credentials; `bus/unavailable` where nothing answers within ten seconds
 */
export async function connectBus(natsUrl: string, options: BusOptions): Promise<Bus> {
  return JetStreamBus.open(natsUrl, options)
}
