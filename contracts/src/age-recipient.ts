import { z } from 'zod'

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const PREFIX = 'age'
const CHECKSUM_CHARS = 6
const KEY_BYTES = 32
const FORM = new RegExp(`^${PREFIX}1[${ALPHABET}]{58}$`)
const NO_RECIPIENT = 'is no age recipient'

/** Points of small order in X25519 (RFC 7748, section 6.1), little-endian: with one as its key anybody could read what is encrypted to it. */
const weakKeys: ReadonlySet<string> = new Set([
  '00'.repeat(KEY_BYTES),
  `01${'00'.repeat(KEY_BYTES - 1)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  ...['ec', 'ed', 'ee'].map((low) => `${low}${'ff'.repeat(KEY_BYTES - 2)}7f`),
])

/**
 * An age X25519 recipient: `age1` and a key in Bech32, in lower case, with its checksum.
 * Source: https://c2sp.org/age, "X25519 recipient stanza"; BIP 173 without its limit of length.
 */
export const ageRecipient = z
  .string()
  .regex(FORM, {
    error: `${NO_RECIPIENT} (X25519): it is age1 and 58 characters, as age-keygen prints it`,
    abort: true,
  })
  .refine(hasChecksum, { error: `${NO_RECIPIENT}: its checksum is another, look at its spelling`, abort: true })
  .refine((text) => !isWeak(text), `${NO_RECIPIENT} that is safe: anybody could read what is encrypted to it`)

function hasChecksum(text: string): boolean {
  const head = [...PREFIX].map((char) => char.charCodeAt(0))
  const expanded = [...head.map((code) => code >> 5), 0, ...head.map((code) => code & 31)]
  return polymod([...expanded, ...valuesOf(text)]) === 1 && keyOf(text) !== null
}

function valuesOf(text: string): number[] {
  return [...text.slice(PREFIX.length + 1)].map((char) => ALPHABET.indexOf(char))
}

/** The checksum of Bech32 over values of five bits. Source: BIP 173, "Checksum". */
function polymod(values: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
  return values.reduce((sum, value) => {
    const top = sum >>> 25
    return generator.reduce(
      (next, term, bit) => ((top >>> bit) & 1 ? next ^ term : next),
      ((sum & 0x1ffffff) << 5) ^ value,
    )
  }, 1)
}

/** The key, without its top bit, which does not count, in hexadecimal; null where bits are set that belong to none of its bytes. */
function keyOf(text: string): string | null {
  const values = valuesOf(text).slice(0, -CHECKSUM_CHARS)
  const bits = values.map((value) => value.toString(2).padStart(5, '0')).join('')
  if (bits.slice(KEY_BYTES * 8).includes('1')) return null
  const bytes = Array.from({ length: KEY_BYTES }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2))
  return bytes.map((byte, at) => (at < KEY_BYTES - 1 ? byte : byte & 0x7f).toString(16).padStart(2, '0')).join('')
}

function isWeak(text: string): boolean {
  return weakKeys.has(keyOf(text) ?? '')
}
