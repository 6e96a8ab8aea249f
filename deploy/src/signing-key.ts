import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { privateFile } from './private-file.ts'

/**
 * The signing key of the local KMS driver, for development: `<dir>/signing-key.pem`, mode 0600, P-256 as PKCS #8.
 *
 * @returns its address, `local:///absolute/path`, percent-encoded as a file URL is
 */
export async function ensureSigningKey(dir: string): Promise<string> {
  const file = join(dir, 'signing-key.pem')
  await privateFile(file, async () => {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    return privateKey
  })
  return localUrl(file)
}

/** The address of a file or folder for the local KMS drivers. */
export function localUrl(path: string): string {
  return pathToFileURL(path).href.replace(/^file:/, 'local:')
}
