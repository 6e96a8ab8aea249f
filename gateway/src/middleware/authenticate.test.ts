import { type Endpoint, endpoints } from '@stella/contracts'
import { Hono } from 'hono'
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'

import type { GatewayEnv, TokenRules } from '../deps.ts'
import { problemResponse } from '../problem-response.ts'
import { authenticate } from './authenticate.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const ISSUER = 'https://issuer.test'
const AUDIENCE = 'export-center'
const GOOD = { sub: 'ann', tenant: 'acme', roles: ['Export.Operator'] }

let keys: GenerateKeyPairResult
let tokens: TokenRules

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true })
  tokens = { issuer: ISSUER, audience: AUDIENCE, keys: createLocalJWKSet({ keys: [await exportJWK(keys.publicKey)] }) }
})

function claims(payload: Record<string, unknown>, { audience = AUDIENCE, expires = '1h' } = {}) {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setExpirationTime(expires)
}

async function ask(
  authorization: string | undefined,
  endpoint: Endpoint = endpoints.createRun,
  verified = new VerifiedTokens(),
): Promise<Response> {
  const app = new Hono<GatewayEnv>()
  app.onError((error) => problemResponse(error, () => undefined))
  app.get('/', authenticate({ tokens, verified }, endpoint), (c) => c.json(c.get('caller')))
  return app.request('/', authorization ? { headers: { authorization } } : {})
}

describe('authenticate()', () => {
  test('leaves the tenant, subject and roles of a good token', async () => {
    const response = await ask(`Bearer ${await claims(GOOD).sign(keys.privateKey)}`)
    expect(await response.json()).toEqual({
      tenantId: 'acme',
      subject: 'ann',
      roles: ['Export.Operator'],
      expiresAtMs: expect.any(Number),
    })
  })

  test('verifies a token once, and looks for the role of each endpoint', async () => {
    const header = `Bearer ${await claims(GOOD).sign(keys.privateKey)}`
    const verified = new VerifiedTokens()
    const { keys: good } = tokens
    expect((await ask(header, endpoints.createRun, verified)).status).toBe(200)
    tokens = { ...tokens, keys: () => Promise.reject(new TypeError('the key set is away')) }
    try {
      expect((await ask(header, endpoints.createRun, verified)).status).toBe(200)
      expect((await ask(header, endpoints.createProfile, verified)).status).toBe(403)
      expect((await ask(header, endpoints.createRun)).status).toBe(503)
    } finally {
      tokens = { ...tokens, keys: good }
    }
  })

  test('answers 403 auth/denied where the role is missing', async () => {
    const response = await ask(
      `Bearer ${await claims({ ...GOOD, roles: ['Export.Viewer', 'root'] }).sign(keys.privateKey)}`,
    )
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, 'auth/denied'])
  })

  test('asks no token of an endpoint without a role', async () => {
    expect((await ask(undefined, endpoints.live)).status).toBe(200)
  })

  const forged: [string, () => Promise<string | undefined>][] = [
    ['no token', async () => undefined],
    ['another scheme', async () => 'Basic YTpi'],
    ['not a token', async () => 'Bearer abc'],
    [
      'alg none',
      async () =>
        `Bearer ${new UnsecuredJWT(GOOD).setIssuer(ISSUER).setAudience(AUDIENCE).setExpirationTime('1h').encode()}`,
    ],
    ['another key', async () => `Bearer ${await claims(GOOD).sign((await generateKeyPair('ES256')).privateKey)}`],
    ['the public key as a secret', async () => `Bearer ${await signedWithPublicKey()}`],
    ['another audience', async () => `Bearer ${await claims(GOOD, { audience: 'other' }).sign(keys.privateKey)}`],
    ['expired', async () => `Bearer ${await claims(GOOD, { expires: '-1h' }).sign(keys.privateKey)}`],
    ['no tenant', async () => `Bearer ${await claims({ ...GOOD, tenant: undefined }).sign(keys.privateKey)}`],
    ['a hostile tenant', async () => `Bearer ${await claims({ ...GOOD, tenant: '../b' }).sign(keys.privateKey)}`],
  ]
  test.each(forged)('answers 401 auth/unauthenticated to %s', async (_, header) => {
    const response = await ask(await header())
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, 'auth/unauthenticated'])
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  })
})

async function signedWithPublicKey(): Promise<string> {
  const secret = Buffer.from(await exportSPKI(keys.publicKey))
  return new SignJWT(GOOD)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime('1h')
    .sign(secret)
}
