import { faultsOf, Problem, wording } from '@stella/contracts'
import type { z } from 'zod'

/** Parses a value by its contract. @throws `request/invalid`, naming each field that is wrong */
export function parsed<T extends z.ZodType>(contract: T, value: unknown, what: string): z.output<T> {
  const read = contract.safeParse(value, { error: wording })
  if (read.success) return read.data
  throw new Problem('request/invalid', faultsOf(read.error, what).join('; '))
}
