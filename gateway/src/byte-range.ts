import { Problem } from '@stella/contracts'

/** A stretch of bytes, both ends inclusive, as HTTP counts. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * The range that a `Range` header asks for, or null for the whole: also for several ranges, other units and malformed headers,
 * which a server may ignore (RFC 9110, section 14.2).
 * @throws `range/unsatisfiable` where the range lies outside `sizeBytes`
 */
export function byteRange(header: string | undefined, sizeBytes: number): ByteRange | null {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(' ', '') ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return null
  if (from !== '' && to !== '' && Number(to) < Number(from)) return null

  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from)
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)
  if (first >= sizeBytes || (from === '' && Number(to) === 0)) {
    throw new Problem('range/unsatisfiable', `the range lies outside the ${sizeBytes} bytes of the bundle`)
  }
  return { first, last }
}
