import { Problem, type PublicKey } from '@stella/contracts'
import { CommandFailure, readPublicKey } from '@stella/core'

import { readInputFile } from './input-file.ts'

const MAX_KEY_BYTES = 64 * 1024

/** The public key of a PEM file. @throws CommandFailure `notFound`; `usage` for anything but a public key, naming the file */
export async function readKeyFile(path: string): Promise<PublicKey> {
  const pem = (await readInputFile(path, MAX_KEY_BYTES)).toString()
  try {
    return readPublicKey(pem)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const reason = cause.message.replace(/^the key cannot be used: /, '')
    throw new CommandFailure('usage', `the key ${path} cannot be used: ${reason}`, null, { cause })
  }
}
