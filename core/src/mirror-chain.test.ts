import type { ExportManifest } from '@stella/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type ChainLink, chainFault } from './mirror-chain.ts'

const LINKS = 5
const root = (revision: number) => `sha256:${String(revision).padStart(64, '0')}`

/** A mirror of revision 1 and deltas from each revision to the next, as far as chains look at them. */
function link(
  revision: number,
  change: (content: Record<string, unknown>, run: Record<string, unknown>) => void = () => {},
): ChainLink {
  const profile = { id: 'prof_full', name: 'full', kind: 'mirror', variant: 'full', revision: 1 }
  const compression = { codec: 'zstd', level: 3, library: 'zstd 1', frame_bytes: 1 }
  const content: Record<string, unknown> = {
    profile,
    compression,
    filters: {},
    schemas: { mirror: '1' },
    ledger_revision: revision,
    content_root: root(revision),
    mirror: { ledger: 'urn:stella:ledger:one', state_root: root(revision) },
    ...(revision === 1
      ? {}
      : {
          delta: {
            base: {
              export_id: `run_${revision - 1}`,
              content_root: revision === 2 ? root(1) : null,
              ledger_revision: revision - 1,
              state_root: root(revision - 1),
            },
            target: { profile, compression },
          },
        }),
  }
  const run: Record<string, unknown> = { id: `run_${revision}`, tenant: 'acme' }
  change(content, run)
  return { name: `revision ${revision}`, manifest: { content, run } as unknown as ExportManifest }
}

const chain = Array.from({ length: LINKS }, (_, at) => link(at + 1))
const [base, ...deltas] = chain as [ChainLink, ...ChainLink[]]

describe('chainFault()', () => {
  test('takes the deltas that follow each other, and every beginning of them', () => {
    for (let count = 0; count <= deltas.length; count++) expect(chainFault(base, deltas.slice(0, count))).toBeNull()
    expect(chainFault(null, deltas.slice(1, 3))).toBeNull()
  })

  test('refuses every other order, omission and repetition', () => {
    const anything = fc.array(fc.integer({ min: 0, max: deltas.length - 1 }), { maxLength: 6 })
    fc.assert(
      fc.property(anything, (order) => {
        const given = order.map((at) => deltas[at] as ChainLink)
        const isInOrder = order.every((at, place) => at === place)
        expect(chainFault(base, given) === null).toBe(isInOrder)
        const isRun = order.length > 0 && order.every((at, place) => at === (order[0] ?? 0) + place)
        expect(chainFault(null, given) === null).toBe(isRun)
      }),
    )
  })

  test.each<[string, Parameters<typeof link>[1], string]>([
    ['another tenant', (_, run) => Object.assign(run, { tenant: 'other' }), 'of the tenant other'],
    [
      'another ledger',
      (content) => Object.assign(content.mirror as object, { ledger: 'urn:stella:ledger:two' }),
      'another ledger',
    ],
    ['other filters', (content) => Object.assign(content, { filters: { ecosystems: ['npm'] } }), 'other filters'],
    ['another form', (content) => Object.assign(content, { schemas: { mirror: '2' } }), 'another form'],
    [
      'another mirror',
      (content) => Object.assign((content.delta as { base: object }).base, { state_root: root(9) }),
      'another mirror',
    ],
    [
      'another profile',
      (content) => Object.assign((content.delta as { target: object }).target, { profile: {} }),
      'another profile',
    ],
    ['a mirror where a delta belongs', (content) => Object.assign(content, { delta: undefined }), 'is no delta'],
  ])('refuses %s, and says which bundle it is', (_, change, reason) => {
    const fault = chainFault(base, [link(2, change)])
    expect(fault).toContain(reason)
    expect(fault).toContain('revision 2')
  })

  test('refuses a delta as the base, and nothing at all to join', () => {
    expect(chainFault(deltas[0] ?? null, deltas.slice(1))).toContain('is no mirror')
    expect(chainFault(null, [])).toBe('there is no delta')
    expect(chainFault(null, [base])).toContain('is no delta')
  })
})
