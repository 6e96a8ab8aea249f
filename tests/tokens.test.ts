import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Issuer {
  readonly issuer: string
  readonly audience: string
  readonly jwk: JWK
}

const CLAIMS = { tenant: 'acme', roles: ['Export.Admin'] }
const HOUR = 3600

let stack: TestStack
let trusted: Issuer

beforeAll(async () => {
  stack = await startTestStack()
  trusted = JSON.parse(await readFile(join(stack.devDir, 'issuer.json'), 'utf8')) as Issuer
})
afterAll(() => stack?.stop())

interface Forgery {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly key?: Parameters<SignJWT['sign']>[0]
}

/** A good token with something changed; a claim that is undefined is left out. */
async function token({ header = {}, claims = {}, key }: Forgery = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const { issuer, audience, jwk } = trusted
  return new SignJWT({ ...CLAIMS, iss: issuer, aud: audience, sub: 'ann', iat: now, exp: now + HOUR, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid ?? '', ...header })
    .sign(key ?? (await importJWK(jwk, 'ES256')))
}

const publicKey = () => createPublicKey({ key: trusted.jwk as never, format: 'jwk' })
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

async function answerTo(headers: Record<string, string>, query = ''): Promise<[number, string | undefined]> {
  const answer = await fetch(`${stack.url}/export/profiles${query}`, { headers })
  return [answer.status, ((await answer.json()) as { code?: string }).code]
}

const refused: [number, string] = [401, 'auth/unauthenticated']

test('a good token is taken, so that what follows is refused for what it says', async () => {
  expect(await answerTo({ authorization: `Bearer ${await token()}` })).toEqual([200, undefined])
})

describe('a token is refused', () => {
  const attacks: [string, () => Promise<string>][] = [
    ['with alg none', async () => new UnsecuredJWT({ ...CLAIMS, sub: 'ann' }).setExpirationTime('1h').encode()],
    ['with alg none over a good signature', async () => (await token()).replace(/^[^.]+/, part({ alg: 'none' }))],
    ...(['spki', 'jwk'] as const).map((form): [string, () => Promise<string>] => [
      `signed by HS256 with the public key as ${form} for a secret`,
      () => token({ header: { alg: 'HS256' }, key: secretOf(form) }),
    ]),
    ['of another audience', () => token({ claims: { aud: 'another' } })],
    ['of several audiences, none of them ours', () => token({ claims: { aud: ['a', 'b'] } })],
    ['without an audience', () => token({ claims: { aud: undefined } })],
    ['of another issuer', () => token({ claims: { iss: 'https://issuer.example' } })],
    ['without an issuer', () => token({ claims: { iss: undefined } })],
    ['that has expired', () => token({ claims: { exp: inSeconds(-60) } })],
    ['that is not valid yet', () => token({ claims: { nbf: inSeconds(HOUR) } })],
    ['without an expiry', () => token({ claims: { exp: undefined } })],
    ['whose expiry is a text', () => token({ claims: { exp: '9999999999' } })],
    ['without a subject', () => token({ claims: { sub: undefined } })],
    ['of a tenant that is a path', () => token({ claims: { tenant: '../acme' } })],
    ['of the chain of the installation', () => token({ claims: { tenant: '~installation' } })],
    ['of an unknown key', () => token({ header: { kid: 'unknown' } })],
    [
      'signed by another key under a known name',
      async () => token({ key: (await generateKeyPair('ES256')).privateKey }),
    ],
    ['that brings its own key', async () => bringsItsKey()],
    [
      'with a critical extension that nobody knows',
      async () => (await token()).replace(/^[^.]+/, part({ alg: 'ES256', crit: ['x'], x: 1 })),
    ],
    [
      'whose claims were changed',
      async () => (await token()).replace(/\.[^.]+\./, `.${part({ ...CLAIMS, sub: 'bob' })}.`),
    ],
    ['without its signature', async () => (await token()).replace(/[^.]+$/, '')],
    ['that is no token', async () => 'a.b.c'],
  ]
  test.each(attacks)('%s', async (_, forge) => {
    expect(await answerTo({ authorization: `Bearer ${await forge()}` })).toEqual(refused)
  })

  test('that is huge, before anything reads it', async () => {
    const huge = `${'A'.repeat(1_000_000)}.b.c`
    expect((await raw(['authorization', `Bearer ${huge}`])).status).toBe(431)
    expect(await answerTo({ authorization: `Bearer ${'A'.repeat(8000)}.b.c` })).toEqual(refused)
  })

  test('that stands in the query', async () => {
    const good = await token()
    for (const name of ['access_token', 'token', 'authorization']) {
      expect(await answerTo({}, `?${name}=${good}`)).toEqual(refused)
    }
  })

  test('beside another one, whichever comes first', async () => {
    const [good, bad] = [`Bearer ${await token()}`, 'Bearer a.b.c']
    for (const pair of [
      [good, bad],
      [bad, good],
      [good, good],
    ]) {
      const { status } = await raw(pair.flatMap((value) => ['authorization', value]))
      expect(status).toBe(401)
    }
  })
})

test('a role that the table does not know grants nothing', async () => {
  for (const roles of [[], ['export.admin'], ['Export.Admin '], ['root']]) {
    const authorization = `Bearer ${await token({ claims: { roles } })}`
    expect(await answerTo({ authorization })).toEqual([403, 'auth/denied'])
  }
})

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function secretOf(form: 'spki' | 'jwk'): Uint8Array {
  const key = publicKey()
  const text =
    form === 'spki' ? key.export({ type: 'spki', format: 'pem' }) : JSON.stringify(key.export({ format: 'jwk' }))
  return Buffer.from(text)
}

async function bringsItsKey(): Promise<string> {
  const own = await generateKeyPair('ES256', { extractable: true })
  return token({ header: { jwk: await exportJWK(own.publicKey), kid: undefined }, key: own.privateKey })
}

/** Sends headers as they stand, doubles too. */
function raw(headers: string[]): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${stack.url}/export/profiles`,
      { headers: ['host', new URL(stack.url).host, ...headers] },
      (answer) => {
        answer.resume()
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0 }))
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}
