import { Counter, Gauge, Histogram, Registry } from 'prom-client'

import { standingOf } from './answers.ts'
import type { ActiveGeneration } from './generation.ts'

/** What the reader counts, in the text format of Prometheus. */
export class ReaderMetrics {
  readonly #registry = new Registry()
  readonly #requests = new Counter({
    name: 'reader_requests_total',
    help: 'Requests that were answered',
    labelNames: ['route', 'status'],
    registers: [this.#registry],
  })
  readonly #seconds = new Histogram({
    name: 'reader_request_seconds',
    help: 'Time until a request was answered',
    labelNames: ['route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1],
    registers: [this.#registry],
  })
  readonly #generation = new Gauge({
    name: 'reader_mirror_generation',
    help: 'Generation of the mirror that serves',
    registers: [this.#registry],
  })
  readonly #age = new Gauge({
    name: 'reader_mirror_age_seconds',
    help: 'Age of its evidence',
    registers: [this.#registry],
  })
  readonly #stale = new Gauge({
    name: 'reader_mirror_stale',
    help: '1 past its valid_until, else 0',
    registers: [this.#registry],
  })

  /** Counts an answer. `route` is the pattern, never the path. */
  answered(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status })
    this.#seconds.observe({ route }, seconds)
  }

  /** The text, with the mirror as it is now; without one where none was imported yet. */
  async text(active: Pick<ActiveGeneration, 'get'>, now: Date): Promise<string> {
    const standing = await active.get().then(
      (generation) => standingOf(generation, now),
      () => null,
    )
    if (standing) {
      this.#generation.set(standing.generation)
      this.#age.set(standing.age_seconds)
      this.#stale.set(standing.stale ? 1 : 0)
    }
    return this.#registry.metrics()
  }
}
