import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { stella, testFolder } from '../testing/captured-shell.ts'
import { sendJson, serveApi } from '../testing/local-api.ts'

function create(folder: string, url: string, text: string) {
  const file = join(folder, 'profile.yaml')
  writeFileSync(file, text)
  return stella(['export', 'profiles', 'create', '--file', file, '--json'], { folder, url })
}

const defaults = {
  compression: { codec: 'zstd', level: 3 },
  retention: { data_days: 90, documents_days: 1095 },
}

test.each([
  'name: json raw\nkind: json\nvariant: raw\nconfig:\n  filters:\n    ecosystems: [npm]\n',
  '{"name":"json raw","kind":"json","variant":"raw","config":{"filters":{"ecosystems":["npm"]}}}',
])('profiles create sends what a file of YAML or JSON holds, with its defaults', async (text) => {
  const bodies: unknown[] = []
  const server = await serveApi({
    'POST /export/profiles': async (request, response) => {
      const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
      bodies.push(body)
      const made = { created_by: 'me', created_at: '2025-01-31T00:00:00Z' }
      sendJson(response, 201, { id: 'prof_json_raw', revision: 1, ...body, ...made })
    },
  })
  const { code, stdout } = await create(testFolder(), server.url, text)
  await server.close()

  expect(code).toBe(0)
  expect(JSON.parse(stdout).id).toBe('prof_json_raw')
  const config = { filters: { ecosystems: ['npm'] }, ...defaults }
  expect(bodies).toEqual([{ name: 'json raw', kind: 'json', variant: 'raw', config }])
})

test('profiles create takes an empty config as none: every default', async () => {
  const bodies: unknown[] = []
  const server = await serveApi({
    'POST /export/profiles': async (request, response) => {
      bodies.push(JSON.parse(Buffer.concat(await request.toArray()).toString()))
      sendJson(response, 403, { code: 'auth/denied', detail: 'this needs the role Export.Admin' })
    },
  })
  for (const config of ['', 'config:\n', 'config: {}\n']) {
    const { code, stderr } = await create(testFolder(), server.url, `name: a\nkind: json\nvariant: raw\n${config}`)
    expect(code).toBe(5)
    expect(stderr).toBe(
      'stella: the profile a cannot be created: this needs the role Export.Admin\n' +
        '  in development: STELLA_TOKEN=$(stella token --role ROLE)\n',
    )
  }
  await server.close()
  expect(bodies).toEqual(Array(3).fill({ name: 'a', kind: 'json', variant: 'raw', config: defaults }))
})

test.each([
  ['kind: json\nvariant: raw\n', 'name'],
  ['name: a\nkind: json\nvariant: raw\nconfig: {colour: red}\n', 'colour'],
  ['name: [\n', 'neither YAML nor JSON'],
  ['', 'the document'],
])('profiles create exits with 2 and says what is wrong with %j', async (text, reason) => {
  const { code, stdout, stderr } = await create(testFolder(), 'http://127.0.0.1:1', text)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(reason)
})
