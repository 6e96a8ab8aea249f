import { Problem } from '@stella/contracts'
import type { z } from 'zod'

/** Most wrong fields that one problem names. */
const MAX_REASONS = 10

/** Parses a value by its contract. @throws `request/invalid`, naming each field that is wrong */
export function parsed<T extends z.ZodType>(contract: T, value: unknown, what: string): z.output<T> {
  const read = contract.safeParse(value)
  if (read.success) return read.data
  const reasons = read.error.issues
    .slice(0, MAX_REASONS)
    .map(({ path, message }) => `${path.join('.') || what}: ${message}`)
  throw new Problem('request/invalid', reasons.join('; '))
}
