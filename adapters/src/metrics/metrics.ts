import { MAX_METRIC_SERIES, type RunCounts } from '@stella/contracts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

import { BoundedLabels } from './bounded-labels.ts'

/** Bounds of the durations of runs, in milliseconds, and of requests, in seconds. */
const RUN_MS = [
  100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
]
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Gauges that the library names as if they were counters. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** A run that succeeded. Records are counted by type, `advisories` and so on. */
export interface SealedRun {
  readonly tenantId: string
  readonly profileId: string
  readonly bytes: number
  readonly records: Readonly<Partial<RunCounts>>
  readonly durationMs: number
}

/** A request that was answered; `route` is the endpoint's name, never a path. */
export interface AnsweredRequest {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** Jobs of a step that wait and that are worked on. */
export interface QueueDepth {
  readonly step: string
  readonly pending: number
  readonly inFlight: number
}

/** The numbers of one process, as Prometheus reads them (specification 13.1). */
export class Metrics {
  readonly #registry = new Registry()
  readonly #bytes = this.#counter('export_bytes_total', 'Bytes of bundles that became visible.', ['profile', 'tenant'])
  readonly #records = this.#counter('export_records_total', 'Records in bundles that became visible.', ['type'])
  readonly #failures = this.#counter('export_failures_total', 'Runs that failed.', ['error_class'])
  readonly #distributions = this.#counter('export_distributions_total', 'Bundles handed out.', ['type'])
  readonly #verifyFailures = this.#counter(
    'export_verify_fail_total',
    'Stored bytes or rebuilt runs found altered.',
    [],
  )
  readonly #requests = this.#counter('http_requests_total', 'Requests answered.', ['method', 'route', 'status'])
  readonly #dropped = this.#counter('updates_readers_dropped_total', 'Readers of updates closed.', ['reason'])
  readonly #readers = new Gauge({
    name: 'updates_readers',
    help: 'Readers of updates that are connected.',
    registers: [this.#registry],
  })
  readonly #durations = new Histogram({
    name: 'export_duration_ms',
    help: 'Time from the start of a run to its visible bundle, in milliseconds.',
    labelNames: ['profile'],
    buckets: RUN_MS,
    registers: [this.#registry],
  })
  readonly #requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the head of an answer.',
    labelNames: ['method', 'route'],
    buckets: REQUEST_SECONDS,
    registers: [this.#registry],
  })
  readonly #pairs = new BoundedLabels<'profile' | 'tenant'>(MAX_METRIC_SERIES)
  readonly #profiles = new BoundedLabels<'profile'>(MAX_METRIC_SERIES)

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
    this.#verifyFailures.inc(0) // An alert on its rate needs it to be there from the start.
  }

  runSealed({ tenantId, profileId, bytes, records, durationMs }: SealedRun): void {
    this.#bytes.inc(this.#pairs.of({ profile: profileId, tenant: tenantId }), bytes)
    for (const [type, count] of Object.entries(records)) this.#records.inc({ type }, count)
    this.#durations.observe(this.#profiles.of({ profile: profileId }), Math.max(0, durationMs))
  }

  runFailed(errorClass: string): void {
    this.#failures.inc({ error_class: errorClass })
  }

  /** A bundle was handed out: `download`, `oci`, … */
  distributed(type: string): void {
    this.#distributions.inc({ type })
  }

  verifyFailed(): void {
    this.#verifyFailures.inc()
  }

  requestAnswered({ method, route, status, seconds }: AnsweredRequest): void {
    this.#requests.inc({ method, route, status: String(status) })
    this.#requestSeconds.observe({ method, route }, seconds)
  }

  readers(change: 1 | -1): void {
    this.#readers.inc(change)
  }

  readerDropped(reason: string): void {
    this.#dropped.inc({ reason })
  }

  /** Adds the depth of the queues, asked for whenever the metrics are read; while it cannot be had it is left out. */
  addQueues(depths: () => Promise<readonly QueueDepth[]>): void {
    const gauge = new Gauge({
      name: 'export_queue_jobs',
      help: 'Jobs that are not done.',
      labelNames: ['step', 'state'],
      registers: [this.#registry],
      async collect() {
        this.reset()
        for (const { step, pending, inFlight } of await depths().catch(() => [])) {
          this.set({ step, state: 'pending' }, pending)
          this.set({ step, state: 'in_flight' }, inFlight)
        }
      },
    })
    gauge.reset()
  }

  /** All of it in the text format of Prometheus, and its media type. */
  async text(): Promise<{ body: string; mediaType: string }> {
    return { body: await this.#registry.metrics(), mediaType: this.#registry.contentType }
  }

  #counter<Name extends string>(name: string, help: string, labelNames: readonly Name[]): Counter<Name> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }
}
