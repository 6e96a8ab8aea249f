import { dirname, join, resolve } from 'node:path'
import { CommandFailure } from '@stella/core'

import { importJWK, type JWK, SignJWT } from 'jose'

import { readInputFile } from './input-file.ts'
import type { Settings } from './settings.ts'

/** The key and the names under which `npm run dev` lets tokens in. */
export interface DevelopmentIssuer {
  readonly issuer: string
  readonly audience: string
  readonly jwk: JWK
}

const ISSUER_FILE = 'issuer.json'
const MAX_ISSUER_BYTES = 64 * 1024

/**
 * The development issuer: `$STELLA_DEV_DIR/issuer.json`, else `.stella/dev/issuer.json` in this folder or the nearest one above it.
 * @throws CommandFailure `notFound` where there is none
 */
export async function findDevelopmentIssuer(
  settings: Pick<Settings, 'devDir' | 'workDir'>,
): Promise<DevelopmentIssuer> {
  for (const path of candidates(settings)) {
    const text = await readInputFile(path, MAX_ISSUER_BYTES).catch(absentAsNull)
    if (text) return parseIssuer(path, text.toString())
  }
  const advice = 'start one with `npm run dev`, or set STELLA_DEV_DIR to its folder'
  throw new CommandFailure('notFound', 'the token cannot be signed: there is no development issuer here', advice)
}

/** Signs a token by ES256 (RFC 7519; claims as the gateway reads them). */
export async function signDevelopmentToken(
  { issuer, audience, jwk }: DevelopmentIssuer,
  claims: { readonly tenant: string; readonly role: string; readonly seconds: number },
): Promise<string> {
  const key = await importJWK(jwk, 'ES256')
  return new SignJWT({ tenant: claims.tenant, roles: [claims.role] })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', ...(jwk.kid ? { kid: jwk.kid } : {}) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(`developer@${claims.tenant}`)
    .setIssuedAt()
    .setExpirationTime(`${claims.seconds} s`)
    .sign(key)
}

function candidates({ devDir, workDir }: Pick<Settings, 'devDir' | 'workDir'>): string[] {
  if (devDir !== null) return [join(devDir, ISSUER_FILE)]
  const folders = [resolve(workDir)]
  for (let above = dirname(folders[0] ?? '/'); above !== folders.at(-1); above = dirname(above)) folders.push(above)
  return folders.map((folder) => join(folder, '.stella', 'dev', ISSUER_FILE))
}

function absentAsNull(error: unknown): null {
  if (error instanceof CommandFailure && error.kind === 'notFound') return null
  throw error
}

function parseIssuer(path: string, text: string): DevelopmentIssuer {
  try {
    const { issuer, audience, jwk } = JSON.parse(text) as Partial<DevelopmentIssuer>
    if (typeof issuer === 'string' && typeof audience === 'string' && typeof jwk === 'object')
      return { issuer, audience, jwk }
  } catch (cause) {
    throw new CommandFailure('failed', `${path} cannot be read: it is not JSON`, null, { cause })
  }
  throw new CommandFailure('failed', `${path} cannot be read: it does not hold issuer, audience and jwk`)
}
