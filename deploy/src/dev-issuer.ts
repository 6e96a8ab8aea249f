import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DEVELOPMENT_TOKEN_SECONDS, type Role } from '@stella/contracts'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { privateFile } from './private-file.ts'

const ISSUER = 'urn:stella:development'
const AUDIENCE = 'stella'
const ALGORITHM = 'ES256'

/** Whom a development token speaks for. */
export interface TokenClaims {
  readonly tenant: string
  readonly roles: readonly Role[]
  readonly subject?: string
}

/** An issuer of tokens for development: its key lies in a file, and only the loopback address serves its public half. */
export interface DevIssuer {
  readonly issuer: string
  readonly audience: string
  /** Where the gateway finds the public key (RFC 7517 key set). */
  readonly jwksUrl: string
  /** A signed token (RFC 7519) that lives for a day. */
  token(claims: TokenClaims): Promise<string>
  stop(): Promise<void>
}

/**
 * Opens the issuer of a folder and serves its key set on a free loopback port.
 * Its key is made the first time: `<dir>/issuer.json`, mode 0600, `{ issuer, audience, jwk }`, an ES256 key with `kid`.
 */
export async function openDevIssuer(dir: string): Promise<DevIssuer> {
  const stored = await privateFile(join(dir, 'issuer.json'), newIssuer)
  const { issuer, audience, jwk } = JSON.parse(stored) as { issuer: string; audience: string; jwk: JWK }
  const { d: _private, ...publicJwk } = jwk
  const served = await serveKeys(JSON.stringify({ keys: [publicJwk] }))
  const key = await importJWK(jwk, ALGORITHM)
  return {
    issuer,
    audience,
    jwksUrl: served.url,
    stop: served.stop,
    token: ({ tenant, roles, subject = 'developer' }) =>
      new SignJWT({ tenant, roles: [...roles] })
        .setProtectedHeader({ alg: ALGORITHM, ...(jwk.kid ? { kid: jwk.kid } : {}), typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(`${DEVELOPMENT_TOKEN_SECONDS}s`)
        .sign(key),
  }
}

async function newIssuer(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  return `${JSON.stringify({ issuer: ISSUER, audience: AUDIENCE, jwk: { ...jwk, kid, alg: ALGORITHM, use: 'sig' } }, null, 2)}\n`
}

async function serveKeys(body: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/jwks.json'
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(found ? body : '{}')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/jwks.json`, stop }
}
