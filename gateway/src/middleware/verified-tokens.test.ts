import { MAX_VERIFIED_TOKEN_CHARS, MAX_VERIFIED_TOKENS, VERIFIED_TOKEN_MS } from '@stella/contracts'
import { expect, test } from 'vitest'

import { VerifiedTokens } from './verified-tokens.ts'

const START = 1_700_000_000_000
const caller = { tenantId: 'acme', subject: 'ann', roles: [], expiresAtMs: START + 10 * VERIFIED_TOKEN_MS }

test('VerifiedTokens forget a token after a time, and when it expires', () => {
  let now = START
  const tokens = new VerifiedTokens(() => now)
  tokens.add('long', caller)
  tokens.add('short', { ...caller, expiresAtMs: START + 10 })
  now = START + 9
  expect([tokens.get('long'), tokens.get('short')?.subject, tokens.get('other')]).toEqual([caller, 'ann', undefined])
  now = START + 10
  expect([tokens.get('long'), tokens.get('short')]).toEqual([caller, undefined])
  now = START + VERIFIED_TOKEN_MS
  expect(tokens.get('long')).toBeUndefined()
})

test('VerifiedTokens hold so many tokens, of so many characters, and drop the oldest', () => {
  const tokens = new VerifiedTokens(() => START)
  for (let at = 0; at <= MAX_VERIFIED_TOKENS; at++) tokens.add(`token-${at}`, caller)
  expect([tokens.get('token-0'), tokens.get('token-1')]).toEqual([undefined, caller])
  tokens.add('x'.repeat(MAX_VERIFIED_TOKEN_CHARS + 1), caller)
  expect(tokens.get('x'.repeat(MAX_VERIFIED_TOKEN_CHARS + 1))).toBeUndefined()
})
