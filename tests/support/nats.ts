import type { Run, RunEvent } from '@stella/contracts'
import type { Stack } from '@stella/deploy'
import { AckPolicy, connect, type NatsConnection } from 'nats'
import { expect } from 'vitest'

import { type Tenant, until } from './tenant.ts'

/** States of a run that succeeds. */
export const SUCCESS = ['queued', 'planning', 'writing', 'sealing', 'succeeded']

/** A connection to the stack's message bus, as a program outside of the project would make it. */
export function openNats({ natsUrl }: Pick<Stack, 'natsUrl'>): Promise<NatsConnection> {
  const { host, username, password } = new URL(natsUrl)
  const login = username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  return connect({ servers: host, ...login })
}

/** States of each run of a tenant, in the order in which they are on the stream of events; one that is there twice is twice in the answer. */
export async function publishedStates(stack: Pick<Stack, 'natsUrl'>, tenantId: string): Promise<Map<string, string[]>> {
  const nats = await openNats(stack)
  try {
    const manager = await nats.jetstreamManager()
    const { name, num_pending } = await manager.consumers.add('EXPORT_EVENTS', {
      ack_policy: AckPolicy.None,
      filter_subject: `export.events.${tenantId}.>`,
    })
    const states = new Map<string, string[]>()
    if (num_pending === 0) return states
    const consumer = await nats.jetstream().consumers.get('EXPORT_EVENTS', name)
    for await (const message of await consumer.fetch({ max_messages: num_pending })) {
      const { data } = message.json<RunEvent>()
      states.set(data.run_id, [...(states.get(data.run_id) ?? []), data.state])
    }
    await consumer.delete()
    return states
  } finally {
    await nats.close()
  }
}

/** Waits for the last events of runs that succeeded; each state of each is on the stream once, in order. */
export async function allTold(
  stack: Pick<Stack, 'natsUrl'>,
  tenant: Pick<Tenant, 'id'>,
  runs: readonly Pick<Run, 'id'>[],
): Promise<void> {
  const states = await until(async () => {
    const published = await publishedStates(stack, tenant.id)
    return runs.every(({ id }) => published.get(id)?.includes('succeeded')) ? published : null
  })
  for (const { id } of runs) expect(states.get(id), id).toEqual(SUCCESS)
}
