import { type AuditEntry, FIRST_PREV_HASH } from '@stella/contracts'
import { describe, expect, test } from 'vitest'

import { AuditChain, auditHash } from './audit-chain.ts'

function entry(seq: number, prevHash: string, changes: Partial<AuditEntry> = {}): AuditEntry {
  const body: AuditEntry = {
    tenant: 'acme',
    seq,
    time: '2025-01-31T09:30:00.000Z',
    actor: 'ann',
    roles: ['Export.Operator'],
    action: 'run.create',
    resource: `/export/runs/run_${seq}`,
    outcome: 'succeeded',
    code: null,
    request_id: 'req_1',
    omitted: 0,
    prev_hash: prevHash,
    hash: '',
    ...changes,
  }
  return { ...body, hash: auditHash(body) }
}

function chainOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = []
  for (let seq = 1; seq <= length; seq++) entries.push(entry(seq, entries.at(-1)?.hash ?? FIRST_PREV_HASH))
  return entries
}

function judge(entries: readonly AuditEntry[], chain = new AuditChain()) {
  for (const each of entries) {
    const fault = chain.next(each)
    if (fault) return fault
  }
  return chain.end()
}

describe('auditHash()', () => {
  test('is the SHA-256 of the canonical JSON, computed by another program', () => {
    // printf '%s' '{"action":…,"time":"2025-01-31T09:30:00.000Z"}' | sha256sum
    expect(auditHash(entry(1, FIRST_PREV_HASH))).toBe(
      '1b964d424cb073aeffbf7f523e6fc6919acedbb3d6608ee893361587d30fac98',
    )
  })
})

describe('AuditChain', () => {
  const [one, two, three] = chainOf(3) as [AuditEntry, AuditEntry, AuditEntry]

  test('finds a whole chain sound, and an empty one', () => {
    const chain = new AuditChain()
    expect(judge([one, two, three], chain)).toBeNull()
    expect(chain.last).toEqual({ tenant: 'acme', seq: 3, hash: three.hash })
    expect(judge([])).toBeNull()
  })

  test.each(Object.keys(one))('finds an entry whose %s was changed', (member) => {
    const value = two[member as keyof AuditEntry]
    const changed = typeof value === 'number' ? value + 1 : Array.isArray(value) ? [] : `${value ?? ''}x`
    expect(judge([one, { ...two, [member]: changed } as AuditEntry, three])?.seq).toBe(2)
  })

  test('finds one that was removed, doubled or moved', () => {
    expect(judge([one, three])).toEqual({ seq: 2, reason: 'it is missing: entry 3 stands in its place' })
    expect(judge([two, three])?.seq).toBe(1)
    expect(judge([one, two, two])?.seq).toBe(3)
    expect(judge([one, three, two])?.seq).toBe(2)
  })

  test('finds one that was changed with its hash, by the entry after it', () => {
    const forged = entry(2, one.hash, { actor: 'bob' })
    expect(judge([one, forged, three])).toEqual({ seq: 3, reason: 'its prev_hash is not the hash of the entry before' })
  })

  test('finds a cut and a rewritten log by the checkpoint', () => {
    const checkpoint = { tenant: 'acme', seq: 3, hash: three.hash }
    expect(judge([one, two], new AuditChain(checkpoint))?.seq).toBe(3)
    const forged = entry(3, two.hash, { actor: 'bob' })
    expect(judge([one, two, forged], new AuditChain(checkpoint))?.seq).toBe(3)
    expect(judge([one, two, three, entry(4, three.hash)], new AuditChain(checkpoint))).toBeNull()
    expect(judge([entry(1, FIRST_PREV_HASH, { tenant: 'other' })], new AuditChain(checkpoint))?.seq).toBe(1)
  })
})
