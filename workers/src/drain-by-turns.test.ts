import { expect, test } from 'vitest'

import { DRAIN_TURNS, drainByTurns } from './drain-by-turns.ts'

const never = new AbortController().signal

/** Tenants with so many batches each; one without a number fails. `turns` names who had a turn, in order. */
function backlogOf(batches: Record<string, number | null>) {
  const left = new Map(Object.entries(batches))
  const turns: string[] = []
  const drain = async (tenantId: string) => {
    turns.push(tenantId)
    const before = left.get(tenantId)
    if (before == null) throw new RangeError(`${tenantId} fails`)
    left.set(tenantId, before - 1)
    return before > 1
  }
  return { turns, backlog: { tenants: [...left.keys()], drain } }
}

test('drainByTurns() gives each a batch by turns until none has more', async () => {
  const { turns, backlog } = backlogOf({ a: 3, b: 1, c: 2 })
  await drainByTurns(backlog, never)
  expect(turns).toEqual(['a', 'b', 'c', 'a', 'c', 'a'])
})

test('drainByTurns() takes one that fails out, serves those after it, and says at the end who failed', async () => {
  const { turns, backlog } = backlogOf({ a: null, b: 2, c: null, d: 1 })
  await expect(drainByTurns(backlog, never)).rejects.toThrow('2 of 4 tenants, the first a: RangeError: a fails')
  expect(turns).toEqual(['a', 'b', 'c', 'd', 'b'])
})

test('drainByTurns() ends though one has more, so that newcomers are looked for', async () => {
  const { turns, backlog } = backlogOf({ a: DRAIN_TURNS + 1 })
  await drainByTurns(backlog, never)
  expect(turns).toHaveLength(DRAIN_TURNS)
})

test('drainByTurns() takes no turn once it is told to stop', async () => {
  const stop = new AbortController()
  const { turns, backlog } = backlogOf({ a: 2, b: 2 })
  const drain = async (tenantId: string) => {
    stop.abort()
    return backlog.drain(tenantId)
  }
  await drainByTurns({ ...backlog, drain }, stop.signal)
  expect(turns).toEqual(['a'])
})
