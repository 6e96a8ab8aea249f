import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { expect, test } from 'vitest'

import { stella, testFolder } from '../testing/captured-shell.ts'

async function issuerAbove() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const root = testFolder()
  const folder = join(root, 'a', 'b')
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(root, '.stella', 'dev'), { recursive: true })
  const jwk = { ...(await exportJWK(privateKey)), kid: 'k1' }
  const issuer = { issuer: 'http://127.0.0.1/dev', audience: 'stella', jwk }
  writeFileSync(join(root, '.stella', 'dev', 'issuer.json'), JSON.stringify(issuer))
  return { folder, publicKey }
}

test('token signs for a tenant and a role with the issuer of a parent folder', async () => {
  const { folder, publicKey } = await issuerAbove()
  const args = ['token', '--tenant', 'acme', '--role', 'Export.Viewer', '--ttl', '90m']
  const { code, stdout } = await stella(args, { folder })
  expect(code).toBe(0)

  const checks = { issuer: 'http://127.0.0.1/dev', audience: 'stella', algorithms: ['ES256'] }
  const { payload, protectedHeader } = await jwtVerify(stdout.trim(), publicKey, checks)
  expect(protectedHeader.kid).toBe('k1')
  expect(payload).toMatchObject({ tenant: 'acme', roles: ['Export.Viewer'], sub: 'developer@acme' })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(90 * 60)
})

test('token --json prints one document', async () => {
  const { folder } = await issuerAbove()
  const { stdout } = await stella(['token', '--json'], { folder })
  expect(Object.keys(JSON.parse(stdout))).toEqual(['token'])
})

test.each([
  ['--tenant', 'Acme!'],
  ['--role', 'root'],
  ['--ttl', '25h'],
  ['--ttl', '0'],
  ['--ttl', 'soon'],
])('token refuses %s %s', async (option, value) => {
  const { folder } = await issuerAbove()
  const { code, stdout } = await stella(['token', option, value], { folder })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test('token says how to start an issuer where there is none', async () => {
  const { code, stderr } = await stella(['token'], { folder: testFolder() })
  expect(code).toBe(4)
  expect(stderr).toContain('npm run dev')
})
