import { createPrivateKey, createPublicKey, createSign, type KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Problem, type PublicKey } from '@stella/contracts'
import { byteOrder, readPublicKey, withLowS } from '@stella/core'

import { keyRefused, readKeyFile } from './key-file.ts'
import type { Kms, Signature } from './kms.ts'

const HOW_TO_MAKE_ONE =
  'make one with: (umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem)'
const PRIVATE_KEY = '-----BEGIN PRIVATE KEY-----'
const SIGNING_KEY = { name: 'signing key', advice: HOW_TO_MAKE_ONE, code: 'kms/refused' } as const

/**
 * A P-256 key in a file, for development: PKCS#8 in PEM (RFC 5958, RFC 7468), mode 0600 or stricter. Public keys of the service's
 * earlier keys lie beside it in `<file>.retired/*.pem`; what they signed still verifies. Both are read once, when opened.
 */
export class LocalKms implements Kms {
  readonly #privateKey: KeyObject
  readonly #publicKeys: readonly PublicKey[]
  readonly #keyId: string

  private constructor(privateKey: KeyObject, current: PublicKey, retired: readonly PublicKey[]) {
    this.#privateKey = privateKey
    this.#publicKeys = [current, ...retired.filter(({ id }) => id !== current.id)]
    this.#keyId = current.id
  }

  /** Reads the key file. @throws `kms/refused` where it, or a retired key, cannot be used */
  static async open(file: string): Promise<LocalKms> {
    const privateKey = parsePrivateKey(file, await readKeyFile({ file, ...SIGNING_KEY }))
    const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
    return new LocalKms(privateKey, readPublicKey(publicPem), await readRetiredKeys(`${file}.retired`))
  }

  async publicKeys(): Promise<PublicKey[]> {
    return [...this.#publicKeys]
  }

  async sign(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Signature> {
    const signer = createSign('sha256')
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) signer.update(chunk)
    const signature = withLowS(signer.sign(this.#privateKey))
    return { keyId: this.#keyId, algorithm: 'ecdsa-p256-sha256', signature }
  }
}

function parsePrivateKey(file: string, pem: string): KeyObject {
  if (!pem.includes(PRIVATE_KEY)) throw refused(file, `it holds no PKCS#8 private key in PEM: ${HOW_TO_MAKE_ONE}`)
  const key = parsed(file, () => createPrivateKey(pem))
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  throw refused(file, `it is not a P-256 key: ${HOW_TO_MAKE_ONE}`)
}

async function readRetiredKeys(directory: string): Promise<PublicKey[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw refused(directory, 'it cannot be read', error)
  })
  const files = names.filter((name) => name.endsWith('.pem')).sort(byteOrder)
  return Promise.all(files.map((name) => readRetiredKey(join(directory, name))))
}

async function readRetiredKey(file: string): Promise<PublicKey> {
  const pem = await readFile(file, 'utf8').catch((cause) => {
    throw refused(file, 'it cannot be read', cause)
  })
  return parsed(file, () => readPublicKey(pem))
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    // A Problem of ours holds no text of the key; of other errors that is not certain.
    throw refused(file, cause instanceof Problem ? cause.message : 'it cannot be parsed', cause)
  }
}

function refused(file: string, why: string, cause?: unknown): Problem {
  return keyRefused({ file, ...SIGNING_KEY }, why, cause)
}
