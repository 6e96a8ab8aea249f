import { fileURLToPath } from 'node:url'

import { Problem } from '@stella/contracts'
import { isGuardedUrl } from '@stella/core'

import { LocalWrappingKms } from './local-wrapping-kms.ts'
import type { WrappingKms } from './wrapping-kms.ts'

/** Drivers by the scheme of their URL, and whether they may hold production keys. */
const drivers: Readonly<Record<string, { forProduction: boolean; open: (url: URL) => Promise<WrappingKms> }>> = {
  'local:': { forProduction: false, open: async (url) => new LocalWrappingKms(folderOf(url)) },
  'aws-kms:': {
    forProduction: true,
    open: async (url) => {
      const location = { region: regionOf(url), endpoint: endpointOf(url) }
      // Loaded where it is used alone: the SDK takes time and memory.
      const { AwsWrappingKms } = await import('./aws-wrapping-kms.ts')
      return new AwsWrappingKms(location)
    },
  },
}

/**
 * Opens the KMS whose keys encrypt mirrors: `aws-kms://region?endpoint=https://…`, both of which may be left out, or `local:///absolute/folder`,
 * keys in files for development.
 * @throws `config/invalid` for any other URL; `kms/refused` for files in production
 */
export async function openWrappingKms(
  kmsUrl: string,
  { production }: { readonly production: boolean },
): Promise<WrappingKms> {
  const url = URL.canParse(kmsUrl) ? new URL(kmsUrl) : null
  const driver = url ? drivers[url.protocol] : undefined
  if (!url || !driver) throw invalid('it is not a URL of a known kind')
  if (url.username !== '' || url.password !== '' || url.hash !== '') throw invalid('it holds more than an address')
  if (production && !driver.forProduction) {
    throw new Problem(
      'kms/refused',
      'keys in files do not encrypt in production: ENCRYPTION_KMS_URL must name a KMS, or NODE_ENV be other than "production"',
    )
  }
  return driver.open(url)
}

function folderOf({ host, search, pathname }: URL): string {
  if (host !== '' || search !== '' || pathname === '/') throw invalid('it does not name one absolute folder')
  try {
    return fileURLToPath(`file://${pathname}`)
  } catch (cause) {
    throw invalid('its path cannot be decoded', cause)
  }
}

function regionOf({ host, pathname }: URL): string | null {
  if (pathname !== '' && pathname !== '/') throw invalid('it has a path')
  if (!/^[a-z0-9-]*$/.test(host)) throw invalid('it does not name a region')
  return host || null
}

function endpointOf({ searchParams }: URL): string | null {
  const names = [...searchParams.keys()]
  if (names.some((name) => name !== 'endpoint') || names.length > 1) throw invalid('it has an unknown parameter')
  const text = searchParams.get('endpoint')
  if (text === null) return null
  // It is sent data keys.
  if (!isGuardedUrl(text))
    throw invalid('endpoint is not https, or http on this machine, or holds more than an address')
  return text
}

function invalid(why: string, cause?: unknown): Problem {
  const forms = 'aws-kms://region?endpoint=https://… or local:///absolute/folder, spaces as %20'
  return new Problem('config/invalid', `ENCRYPTION_KMS_URL cannot be used: ${why}: give ${forms}`, { cause })
}
