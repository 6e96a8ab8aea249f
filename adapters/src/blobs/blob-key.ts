import { Problem } from '@stella/contracts'

const SEGMENT = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,199}$/
const MAX_KEY_CHARS = 1024
const SEALED = /(?:^|\/)sha256\/([0-9a-f]{64})$/

/**
 * The segments of a key.
 * @throws `request/invalid` for a key that is not segments of `A-Za-z0-9._~-`, none of which begins with `.`
 */
export function keySegments(key: string): string[] {
  if (!isKey(key))
    throw new Problem('request/invalid', `the blob key ${JSON.stringify(key.slice(0, 200))} is not valid`)
  return key.split('/')
}

/** True for a valid key. */
export function isKey(text: string): boolean {
  return text.length <= MAX_KEY_CHARS && text.split('/').every((segment) => SEGMENT.test(segment))
}

/**
 * The segments of a prefix: a key and `/`, or nothing.
 * @throws `request/invalid` for anything else
 */
export function prefixSegments(prefix: string): string[] {
  if (prefix === '') return []
  if (prefix.endsWith('/')) return keySegments(prefix.slice(0, -1))
  throw new Problem('request/invalid', `the blob prefix ${JSON.stringify(prefix.slice(0, 200))} does not end in "/"`)
}

/** The digest that a sealed key names, or null for a key that is not sealed. */
export function sealedDigest(key: string): string | null {
  return SEALED.exec(key)?.[1] ?? null
}
