/** What a label says of values beyond the limit. */
const OTHER = 'other'

/**
 * Keeps the number of series of a metric bounded: the first `max` combinations of label values are told apart, all later ones are
 * counted together as `other`, so that nobody who makes up names fills the memory of this process or of Prometheus.
 */
export class BoundedLabels<Name extends string> {
  readonly #max: number
  readonly #known = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  /** The labels themselves, or, where there are too many, the same names with `other`. */
  of(labels: Readonly<Record<Name, string>>): Record<Name, string> {
    const key = JSON.stringify(Object.values(labels))
    if (this.#known.has(key)) return labels
    if (this.#known.size < this.#max) {
      this.#known.add(key)
      return labels
    }
    return Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER])) as Record<Name, string>
  }
}
