import type { z } from 'zod'

type Wrong = z.core.$ZodRawIssue

/** Most wrong fields that one refusal names. */
const MAX_FAULTS_TOLD = 10
const A_TIME = 'must be a time with its offset, as 2024-01-31T00:00:00Z'

/**
 * Says what a value must be, for people who do not know the library that found out: give it to `safeParse` as `error`. A message of the
 * contract's own goes before it.
 */
export function wording(issue: Wrong): string | undefined {
  if (issue.code === 'invalid_type') return wrongType(issue)
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values.map((value) => JSON.stringify(value)))}`
  if (issue.code === 'unrecognized_keys') return `has no ${oneOf(issue.keys)}: leave it out, or look at its spelling`
  if (issue.code === 'too_small') return `must ${bound(issue.origin, 'at least', Number(issue.minimum))}`
  if (issue.code === 'too_big') return `must ${bound(issue.origin, 'at most', Number(issue.maximum))}`
  if (issue.code !== 'invalid_format') return undefined
  if (issue.format === 'datetime') return A_TIME
  return issue.format === 'regex' ? `must match ${issue.pattern}` : `must be a valid ${issue.format}`
}

/** What is wrong with a value, `field: reason`, a reason a field; `what` names the value itself. */
export function faultsOf({ issues }: Pick<z.ZodError, 'issues'>, what: string): string[] {
  const byField = new Map<string, string>()
  for (const { path, message } of issues) {
    const field = path.join('.') || what
    // The first reason is enough: what a text that is no time cannot be besides helps nobody.
    if (!byField.has(field)) byField.set(field, `${field}: ${message}`)
  }
  return [...byField.values()].slice(0, MAX_FAULTS_TOLD)
}

function wrongType({ input, expected }: Extract<Wrong, { code: 'invalid_type' }>): string {
  if (input === undefined) return 'is missing'
  const wanted = expected === 'int' ? 'a whole number' : withArticle(expected)
  return Number.isNaN(input) || expected === 'int' ? `must be ${wanted}` : `must be ${wanted}, not ${kindOf(input)}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return withArticle(Array.isArray(value) ? 'array' : typeof value)
}

function withArticle(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
}

function oneOf(names: readonly string[]): string {
  return names.length > 1 ? `one of ${names.join(', ')}` : (names[0] ?? '')
}

function bound(origin: string, most: string, limit: number): string {
  const units = origin === 'string' ? 'characters' : origin === 'array' || origin === 'set' ? 'items' : null
  return units === null ? `be ${most} ${limit}` : `have ${most} ${limit} ${units}`
}
