import { type Filters, faultsOf, type NewRun, newRun, wording } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

/** Options of `run create` and `plan` that say what the export takes from the ledger. */
export interface FilterOptions {
  readonly from?: string
  readonly to?: string
  readonly undated?: true
  readonly include?: string[]
  readonly ecosystem?: string[]
  readonly excludeEcosystem?: string[]
  readonly package?: string[]
  readonly product?: string[]
  readonly imageDigest?: string[]
  readonly repository?: string[]
  readonly tag?: string[]
}

/** A day, in milliseconds. */
export const DAY_MS = 24 * 3600 * 1000

/**
 * The run that a command line asks for. A date alone means its whole day in UTC: `--from` its start, `--to` the next midnight.
 * @throws CommandFailure `usage`, naming each option that is wrong
 */
export function requestedRun(profileId: string, options: FilterOptions): NewRun {
  const given = {
    time_from: options.from === undefined ? undefined : dayBound(options.from, 0),
    time_to: options.to === undefined ? undefined : dayBound(options.to, DAY_MS),
    undated: options.undated,
    include: options.include,
    ecosystems: options.ecosystem,
    exclude_ecosystems: options.excludeEcosystem,
    packages: options.package,
    products: options.product,
    image_digests: options.imageDigest,
    repositories: options.repository,
    tags: options.tag,
  } satisfies Record<Exclude<keyof Filters, 'tenant_id'>, unknown>
  const filters = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const wanted = { profile_id: profileId, ...(Object.keys(filters).length > 0 ? { filters } : {}) }
  const parsed = newRun.safeParse(wanted, { error: wording })
  if (parsed.success) return parsed.data

  const reasons = faultsOf(parsed.error, 'the run').map((reason) => reason.replace(/^filters\./, ''))
  throw new CommandFailure(
    'usage',
    `the run cannot be planned: ${reasons.join('; ')}`,
    'see `stella export plan --help`',
  )
}

/** Lists such as `--include advisories,vex`, given once or more often. */
export function splitList(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, ...text.split(',').map((item) => item.trim())]
}

/** Options that are given once a value: values such as purls may hold commas. */
export function collect(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text]
}

/** A date as the start of its day plus `offsetMs`; any other text as it is. @throws CommandFailure `usage` for a day that no month has */
export function dayBound(text: string, offsetMs: number): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  const start = Date.parse(`${text}T00:00:00Z`)
  // Date.parse takes 30 February and makes it 2 March.
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(text)) {
    throw new CommandFailure('usage', `${text} cannot be used: there is no such day`, 'give a date like 2025-01-31')
  }
  return new Date(start + offsetMs).toISOString()
}
