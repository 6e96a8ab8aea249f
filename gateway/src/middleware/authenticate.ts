import { type Endpoint, grants, Problem, type Role, TOKEN_CLOCK_TOLERANCE_SECONDS, tenantId } from '@stella/contracts'
import type { MiddlewareHandler } from 'hono'
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'

import type { Caller, GatewayDeps, GatewayEnv, TokenRules } from '../deps.ts'
import { protocolToken } from '../updates/protocol-token.ts'
import type { VerifiedTokens } from './verified-tokens.ts'

/** Algorithms that a token may be signed with: asymmetric ones only, so that no public key can serve as a secret. */
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256']

const claims = z.object({
  sub: z.string().regex(/^[^\p{Cc}\p{Surrogate}]{1,255}$/u),
  tenant: tenantId,
  roles: z.array(z.string()).max(64),
  exp: z.number(),
})

/**
 * Lets a request through whose bearer token is good and grants the endpoint's role (specification 12.1); leaves the caller behind.
 * @throws `auth/unauthenticated` without a good token · `auth/denied` where the role is missing · `auth/unavailable` without the issuer's keys
 */
export function authenticate(
  { tokens, verified }: Pick<GatewayDeps, 'tokens'> & { verified: VerifiedTokens },
  { role, isSocket }: Endpoint,
): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    if (role !== null) {
      const offered = isSocket ? protocolToken(c.req.header('sec-websocket-protocol')) : null
      const token = offered ?? headerToken(c.req.header('authorization'))
      const known = verified.get(token)
      const caller = known ?? (await readToken(token, tokens))
      if (!known) verified.add(token, caller)
      c.set('caller', caller) // A refusal is recorded in the name of who asked.
      requireRole(caller, role)
    }
    await next()
  }
}

function requireRole(caller: Caller, role: Role): void {
  if (!grants(caller.roles, role))
    throw new Problem('auth/denied', `this needs the role ${role}: ask an administrator for it`)
}

function headerToken(header: string | undefined): string {
  const [, token] = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '') ?? []
  if (token) return token
  throw new Problem('auth/unauthenticated', 'no bearer token: send "Authorization: Bearer <token>"')
}

async function readToken(token: string, { issuer, audience, keys }: TokenRules): Promise<Caller> {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: TOKEN_CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'sub'],
  }).catch((error: unknown) => {
    throw tokenProblem(error)
  })
  const read = claims.safeParse(payload)
  if (!read.success) {
    throw new Problem(
      'auth/unauthenticated',
      'the token is refused: it must carry the claims "sub", "tenant" and "roles"',
    )
  }
  const { tenant, sub: subject, roles, exp } = read.data
  return { tenantId: tenant, subject, roles, expiresAtMs: exp * 1000 }
}

function tokenProblem(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) {
    return new Problem('auth/unauthenticated', 'the token has expired: get a new one', { cause: error })
  }
  const keysAbsent = error instanceof errors.JWKSTimeout || error instanceof TypeError
  if (keysAbsent || !(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC') {
    return new Problem('auth/unavailable', "the token issuer's keys cannot be read: try again later", { cause: error })
  }
  return new Problem(
    'auth/unauthenticated',
    'the token is refused: its issuer, audience, algorithm or signature is wrong',
    {
      cause: error,
    },
  )
}
