import { Problem } from '@stella/contracts'

/** What was found. Another tenant's id fails in the same words as one that does not exist. @throws `resource/not-found` */
export function found<T>(value: T | null, what: 'profile' | 'run' | 'ingest', id: string): T {
  if (value !== null) return value
  throw new Problem('resource/not-found', `there is no ${what} ${id}`)
}
