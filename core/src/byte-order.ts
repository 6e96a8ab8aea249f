/** Compares two strings by their UTF-8 bytes: the order of every list that is hashed. (`<` is UTF-16 order: it differs above U+FFFF.) */
export function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** The items in byte order of their keys; each key is encoded once, for lists of a million. */
export function inByteOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: Buffer.from(keyOf(item)) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ item }) => item)
}
