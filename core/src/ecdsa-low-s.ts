/** Order of P-256's base point (FIPS 186-5 by way of SP 800-186, section 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const SEQUENCE = 0x30
const INTEGER = 0x02
/** Two numbers of 33 bytes, each with tag and length, and those of the sequence. */
const MAX_BYTES = 72

interface Pair {
  readonly r: bigint
  readonly s: bigint
}

/**
 * The same ECDSA signature of P-256 with the lower of its two values of `s`: `(r, s)` and `(r, n - s)` verify alike.
 * @param signature - in DER (RFC 3279, section 2.2.3)
 * @throws RangeError for bytes that are no such signature
 */
export function withLowS(signature: Uint8Array): Buffer {
  const pair = decode(signature)
  if (!pair) throw new RangeError('these bytes are no ECDSA signature of P-256 in DER')
  return encode(isLow(pair) ? pair : { r: pair.r, s: ORDER - pair.s })
}

/** True for an ECDSA signature of P-256 in DER with the lower of its two values of `s`. */
export function isLowS(signature: Uint8Array): boolean {
  const pair = decode(signature)
  return pair !== null && isLow(pair)
}

function isLow({ s }: Pair): boolean {
  return s <= ORDER / 2n
}

/** Null for all but the one DER form of two numbers from 1 to `ORDER - 1`. */
function decode(signature: Uint8Array): Pair | null {
  if (signature.length > MAX_BYTES) return null
  const bytes = Buffer.from(signature)
  const rSize = bytes[3] ?? 0
  const pair = { r: unsigned(bytes.subarray(4, 4 + rSize)), s: unsigned(bytes.subarray(6 + rSize)) }
  const inRange = [pair.r, pair.s].every((value) => value > 0n && value < ORDER)
  return inRange && encode(pair).equals(bytes) ? pair : null
}

function encode({ r, s }: Pair): Buffer {
  const body = Buffer.concat([integer(r), integer(s)])
  return Buffer.concat([Buffer.from([SEQUENCE, body.length]), body])
}

/** A positive number in DER: as few bytes as will do, the first below 0x80, since INTEGER has a sign. */
function integer(value: bigint): Buffer {
  const digits = value.toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  const content = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes])
  return Buffer.concat([Buffer.from([INTEGER, content.length]), content])
}

function unsigned(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`)
}
