import { Problem, resourceId } from '@stella/contracts'
import type { Context } from 'hono'

/** What was found. Another tenant's id fails in the same words as one that does not exist. @throws `resource/not-found` */
export function found<T>(value: T | null, what: 'profile' | 'run' | 'ingest', id: string): T {
  if (value !== null) return value
  throw new Problem('resource/not-found', `there is no ${what} ${id}`)
}

/** The `{id}` of the path. One that no id can be is the id of nothing. @throws `resource/not-found` */
export function idOf(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!resourceId.safeParse(id).success) throw new Problem('resource/not-found', 'there is nothing of that id')
  return id
}
