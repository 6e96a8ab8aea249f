import { Problem } from '@stella/contracts'

/** A whole number out of what a caller gives. @throws `request/invalid` */
export function whole(
  given: string | undefined,
  name: string,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  if (given === undefined) return otherwise
  const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Problem('request/invalid', `${name}: must be a whole number from ${least} to ${most}`)
}
