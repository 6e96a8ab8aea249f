import { createCipheriv } from 'node:crypto'
import { join } from 'node:path'

import { Problem } from '@stella/contracts'

import { keyRefused, readKeyFile } from './key-file.ts'
import type { WrappingKey, WrappingKms } from './wrapping-kms.ts'

const FORM = /^[0-9a-f]{64}\n?$/
/** The initial value of RFC 3394, section 2.2.3.1. */
const INITIAL_VALUE = Buffer.from('A6A6A6A6A6A6A6A6', 'hex')

/**
 * Keys in files, for development: AES-256 keys in hexadecimal, `<folder>/<tenant>/<name>.key`, mode 0600 or stricter. They wrap as RFC 3394 has it,
 * so that openssl unwraps: `openssl enc -d -id-aes256-wrap`.
 */
export class LocalWrappingKms implements WrappingKms {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async fault(key: WrappingKey): Promise<string | null> {
    try {
      await this.#read(key)
      return null
    } catch (error) {
      if (error instanceof Problem) return error.message
      throw error
    }
  }

  async wrap(key: WrappingKey, dataKey: Uint8Array): Promise<Buffer> {
    const cipher = createCipheriv('id-aes256-wrap', await this.#read(key), INITIAL_VALUE)
    return Buffer.concat([cipher.update(dataKey), cipher.final()])
  }

  async #read({ tenantId, name }: WrappingKey): Promise<Buffer> {
    const file = join(this.#folder, tenantId, `${name}.key`)
    const advice = `make one with: (umask 077; openssl rand -hex 32 > '${file}')`
    const key = { file, name: 'wrapping key', advice, code: 'kms/key-refused' } as const
    const text = await readKeyFile(key)
    if (!FORM.test(text)) throw keyRefused(key, `it is no AES-256 key in hexadecimal: ${advice}`)
    return Buffer.from(text.trim(), 'hex')
  }
}
