import { RANGE_RECORDS } from '@stella/contracts'
import { rangeQuery } from '@stella/db'

/** The SELECT of each range of the first `count` records, as a worker runs it: one tenant, one revision, key order. */
export function rangeQueries({ scope, kind = 'advisory', keyAt, count }) {
  return Array.from({ length: Math.ceil(count / RANGE_RECORDS) }, (_, index) => {
    const [from, end] = [index * RANGE_RECORDS, Math.min((index + 1) * RANGE_RECORDS, count)]
    return rangeQuery(scope, kind, { from: keyAt(from), to: keyAt(end) })
  })
}

/** The peer's COPY: the bodies of the same rows in the same order, in one go, as the owner, whom row level security does not slow. */
export function peerCopy({ scope, keyAt, count }) {
  const rows = rangeQuery(scope, 'advisory', { from: null, to: keyAt(count) })
  return `copy (select body from (${rows}) records order by record_key collate "C") to stdout`
}
