import { open } from 'node:fs/promises'

import { Problem } from '@stella/contracts'

/** Largest key file that is read, in bytes. */
const MAX_KEY_BYTES = 16 * 1024

/** A file that holds a key. */
export interface KeyFile {
  readonly file: string
  /** What people call the key: `signing key`. */
  readonly name: string
  /** How to make one, where there is none. */
  readonly advice: string
  /** What is said of one that cannot be used. */
  readonly code: 'kms/refused' | 'kms/key-refused'
}

/** The text of a key file that its owner alone may read. @throws its `code` for any other, and where there is none */
export async function readKeyFile(key: KeyFile): Promise<string> {
  try {
    const handle = await open(key.file, 'r')
    try {
      const { mode, size } = await handle.stat()
      if ((mode & 0o077) !== 0) throw keyRefused(key, 'others than its owner may read it: chmod 600 it')
      if (size > MAX_KEY_BYTES) throw keyRefused(key, `it is no key: it has ${size} bytes`)
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw keyRefused(key, `it cannot be read: ${key.advice}`, cause)
  }
}

/** Why a key file cannot be used. */
export function keyRefused({ file, name, code }: KeyFile, why: string, cause?: unknown): Problem {
  return new Problem(code, `the ${name} ${file} cannot be used: ${why}`, { cause })
}
