import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { openDevIssuer } from './dev-issuer.ts'
import { makeTestHome } from './testing/test-home.ts'

test('openDevIssuer() signs tokens that its key set verifies, keeps its key private, and serves none of it', async () => {
  const home = await makeTestHome()
  const first = await openDevIssuer(home.dir)
  const token = await first.token({ tenant: 'acme', roles: ['Export.Viewer'] })
  await first.stop()

  const { issuer, audience, jwksUrl, stop } = await openDevIssuer(home.dir)
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwksUrl)), {
    issuer,
    audience,
    algorithms: ['ES256'],
  })
  expect(payload).toMatchObject({ tenant: 'acme', roles: ['Export.Viewer'], sub: 'developer' })

  const file = join(home.dir, 'issuer.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { jwk } = JSON.parse(await readFile(file, 'utf8'))
  expect(jwk.d).toBeDefined()
  expect(await (await fetch(jwksUrl)).text()).not.toContain(jwk.d)
  expect((await fetch(new URL('/issuer.json', jwksUrl))).status).toBe(404)
  await stop()
  await home.remove()
})
