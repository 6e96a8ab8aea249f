/** Compares two strings by their UTF-8 bytes: the order of every list that is hashed. (`<` is UTF-16 order: it differs above U+FFFF.) */
export function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
