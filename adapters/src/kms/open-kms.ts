import { Problem } from '@stella/contracts'

import type { Kms } from './kms.ts'
import { LocalKms } from './local-kms.ts'

/** Drivers by the scheme of their URL, and whether they may hold a production key. */
const drivers: Readonly<Record<string, { forProduction: boolean; open: (url: URL) => Promise<Kms> }>> = {
  'local:': { forProduction: false, open: (url) => LocalKms.open(fileOf(url)) },
}

/**
 * Opens the key store that a URL names: `local:///absolute/key.pem`, a development key in a file.
 * @throws `config/invalid` for any other URL; `kms/refused` for a local key in production, or one that cannot be used
 */
export async function openKms(kmsUrl: string, { production }: { readonly production: boolean }): Promise<Kms> {
  const url = URL.canParse(kmsUrl) ? new URL(kmsUrl) : null
  const driver = url ? drivers[url.protocol] : undefined
  if (!url || !driver) throw invalid('it is not a URL of a known kind')
  if (production && !driver.forProduction) {
    throw new Problem(
      'kms/refused',
      'a key in a file does not sign in production: KMS_URL must name a KMS, or NODE_ENV be other than "production"',
    )
  }
  return driver.open(url)
}

function fileOf({ host, search, hash, pathname }: URL): string {
  if (host !== '' || search !== '' || hash !== '' || !pathname.startsWith('/')) {
    throw invalid('it does not name one absolute file')
  }
  try {
    return decodeURIComponent(pathname)
  } catch (cause) {
    throw invalid('its path cannot be decoded', cause)
  }
}

function invalid(why: string, cause?: unknown): Problem {
  return new Problem(
    'config/invalid',
    `KMS_URL cannot be used: ${why}: give local:///absolute/key.pem, spaces as %20`,
    {
      cause,
    },
  )
}
