import { MAX_METRIC_SERIES } from '@stella/contracts'
import { expect, test } from 'vitest'

import { BoundedLabels } from './bounded-labels.ts'
import { Metrics } from './metrics.ts'

test('labels beyond the limit are counted together', async () => {
  const labels = new BoundedLabels<'a' | 'b'>(2)
  const given = [
    { a: '1', b: '1' },
    { a: '1', b: '2' },
    { a: '2', b: '1' },
    { a: '1', b: '1' },
  ]
  expect(given.map((each) => labels.of(each))).toEqual([given[0], given[1], { a: 'other', b: 'other' }, given[0]])

  const metrics = new Metrics()
  for (let tenant = 0; tenant < MAX_METRIC_SERIES + 50; tenant++) {
    const run = { tenantId: `t${tenant}`, profileId: 'prof_x', bytes: 1, records: { vex: 2 }, durationMs: 3 }
    metrics.runSealed(run)
  }
  const { body } = await metrics.text()
  expect(body.match(/^export_bytes_total\{/gm)).toHaveLength(MAX_METRIC_SERIES + 1)
  expect(body).toContain('export_bytes_total{profile="other",tenant="other"} 50')
  expect(body).toContain(`export_records_total{type="vex"} ${2 * (MAX_METRIC_SERIES + 50)}`)
})

test('a label cannot break out of its line', async () => {
  const metrics = new Metrics()
  metrics.runFailed('a"} 1\nb{c="\\')
  expect((await metrics.text()).body).toContain('export_failures_total{error_class="a\\"} 1\\nb{c=\\"\\\\"} 1')
})

test('queues that cannot be asked are left out, and the rest is there', async () => {
  const metrics = new Metrics()
  metrics.addQueues(async () => {
    throw new Error('away')
  })
  const { body } = await metrics.text()
  expect(body).not.toContain('export_queue_jobs{')
  expect(body).toContain('export_verify_fail_total 0')
})
