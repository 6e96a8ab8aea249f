import { rangeQuery } from '@stella/db'
import { rangeRecords } from './load.mjs'

/** The SELECT of each range of the first `count` records, as a worker runs it: one tenant, one revision, key order. */
export function rangeQueries({ scope, keys, count }) {
  const used = Math.ceil(count / rangeRecords)
  return keys.slice(0, used).map((from, index) => rangeQuery(scope, 'advisory', { from, to: keys[index + 1] ?? null }))
}

/** The peer's COPY: the bodies of the same rows in the same order, in one go, as the owner, whom row level security does not slow. */
export function peerCopy({ scope, keys, count }) {
  const end = keys[Math.ceil(count / rangeRecords)]
  const rows = rangeQuery(scope, 'advisory', { from: null, to: end ?? null })
  return `copy (select body from (${rows}) records order by record_key collate "C") to stdout`
}
