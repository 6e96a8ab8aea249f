import type { PublicKey } from '@stella/contracts'
import { readPublicKey } from '@stella/core'

import { readInputFile } from './input-file.ts'

const MAX_KEY_BYTES = 64 * 1024

/** The public key of a PEM file. @throws CommandFailure `notFound`, `usage`; Problem `request/invalid` for anything but a public key */
export async function readKeyFile(path: string): Promise<PublicKey> {
  return readPublicKey((await readInputFile(path, MAX_KEY_BYTES)).toString())
}
