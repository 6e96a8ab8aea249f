import { standingOf } from './answers.ts'
import type { ActiveGeneration } from './generation.ts'

/** Upper bounds of the seconds that answers are counted by. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1]

/** Answers at one route. */
interface Answered {
  readonly byStatus: Map<number, number>
  /** How many took so long as each of `SECONDS`, and more than that of the one before; those that took longer than all come last. */
  readonly bySeconds: number[]
  seconds: number
}

/** What the reader counts, in the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats, "Text-based format"). */
export class ReaderMetrics {
  readonly #routes = new Map<string, Answered>()

  /** Counts an answer. `route` is the pattern, never the path. */
  answered(route: string, status: number, seconds: number): void {
    const answered = this.#routes.get(route) ?? {
      byStatus: new Map(),
      bySeconds: new Array<number>(SECONDS.length + 1).fill(0),
      seconds: 0,
    }
    this.#routes.set(route, answered)
    answered.byStatus.set(status, (answered.byStatus.get(status) ?? 0) + 1)
    const bucket = SECONDS.findIndex((bound) => seconds <= bound)
    const at = bucket < 0 ? SECONDS.length : bucket
    answered.bySeconds[at] = (answered.bySeconds[at] ?? 0) + 1
    answered.seconds += seconds
  }

  /** The text, with the mirror as it is now; without one where none was imported yet. */
  async text(active: Pick<ActiveGeneration, 'get'>, now: Date): Promise<string> {
    const standing = await active.get().then(
      (generation) => standingOf(generation, now),
      () => null,
    )
    const metrics = [this.#requests(), this.#durations()]
    if (standing) {
      const { generation, age_seconds, stale } = standing
      const gauge = (name: string, help: string, value: number) =>
        metric(`reader_mirror_${name}`, 'gauge', help, [`reader_mirror_${name} ${value}`])
      metrics.push(
        gauge('generation', 'Generation of the mirror that serves', generation),
        gauge('age_seconds', 'Age of its evidence', age_seconds),
        gauge('stale', '1 past its valid_until, else 0', stale ? 1 : 0),
      )
    }
    return metrics.join('\n')
  }

  #requests(): string {
    const name = 'reader_requests_total'
    const lines = [...this.#routes].flatMap(([route, { byStatus }]) =>
      [...byStatus].map(([status, count]) => `${name}{${label('route', route)},status="${status}"} ${count}`),
    )
    return metric(name, 'counter', 'Requests that were answered', lines)
  }

  #durations(): string {
    const name = 'reader_request_seconds'
    const lines = [...this.#routes].flatMap(([route, { bySeconds, seconds }]) => {
      const of = label('route', route)
      let count = 0
      const buckets = [...SECONDS, '+Inf'].map((bound, at) => {
        count += bySeconds[at] ?? 0
        return `${name}_bucket{le="${bound}",${of}} ${count}`
      })
      return [...buckets, `${name}_sum{${of}} ${seconds}`, `${name}_count{${of}} ${count}`]
    })
    return metric(name, 'histogram', 'Time until a request was answered', lines)
  }
}

function metric(name: string, type: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
