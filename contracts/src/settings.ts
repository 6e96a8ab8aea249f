import type { z } from 'zod'

import { Problem } from './problem.ts'
import { wording } from './wording.ts'

/**
 * Reads the environment of a process by its contract, once.
 * @throws `config/invalid`, naming each variable that is absent or wrong, never its value
 */
export function readSettings<T extends z.ZodType>(
  contract: T,
  process: string,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const read = contract.safeParse(environment, { error: wording })
  if (read.success) return read.data
  const names = read.error.issues.map(({ path, message }) => `${path.join('.')} (${message})`)
  throw new Problem('config/invalid', `the ${process} cannot start: set ${names.join(', ')}`)
}
