import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOf } from '../process-identity.ts'
import { crashable } from '../testing/crashable.ts'
import { makeTestHome, type TestHome } from '../testing/test-home.ts'
import { startPostgres } from './postgres.ts'

let home: TestHome
beforeAll(async () => {
  home = await makeTestHome()
})
afterAll(() => home.remove())

/** Judge: the psql of Postgres itself. */
function psql(ownerUrl: string, sql: string): string {
  const { status, stdout, stderr } = spawnSync('psql', [ownerUrl, '-At', '-v', 'ON_ERROR_STOP=1', '-c', sql], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout.trim()
}

test('startPostgres() keeps data over kill -9, at the same address, and stop leaves no process', async () => {
  const dataDir = join(home.dir, 'with blank', 'postgres')
  await mkdir(join(home.dir, 'with blank'))
  const first = await startPostgres({ dataDir })
  expect(psql(first.ownerUrl, 'create table kept (n int); insert into kept values (42); select n from kept')).toContain(
    '42',
  )
  process.kill(first.pid, 'SIGKILL')
  expect(await first.exited).toBe('signal SIGKILL')

  const second = await startPostgres({ dataDir })
  expect(second.ownerUrl).toBe(first.ownerUrl)
  expect(psql(second.ownerUrl, 'select n from kept')).toBe('42')

  await second.stop()
  expect(startOf(second.pid)).toBeUndefined()
})

test('startPostgres() listens on no network port, and asks for the password', async () => {
  const server = await startPostgres({ dataDir: join(home.dir, 'settings') })
  expect(psql(server.ownerUrl, 'show listen_addresses')).toBe('')
  expect(psql(server.ownerUrl, 'show password_encryption')).toBe('scram-sha-256')

  const wrong = new URL(server.ownerUrl.replace('@/', '@localhost/'))
  wrong.password = 'wrong'
  const refused = spawnSync('psql', [wrong.href.replace('@localhost/', '@/'), '-c', 'select 1'], { encoding: 'utf8' })
  expect(refused.stderr).toContain('password authentication failed')
  await server.stop()
})

test('a Postgres whose starter is killed by kill -9 ends, and the next start waits for it', async () => {
  const dataDir = join(home.dir, 'orphaned')
  const starter = await crashable('postgres', dataDir)
  starter.kill()
  const next = await startPostgres({ dataDir })
  expect(startOf(starter.serverPid)).toBeUndefined()
  await next.stop()
})

test('startPostgres() overlooks a stale postmaster.pid whose number an unrelated process has', async () => {
  const dataDir = join(home.dir, 'stale')
  await (await startPostgres({ dataDir })).stop()
  await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${dataDir}/cluster\n`)
  const server = await startPostgres({ dataDir })
  await server.stop()
})

test('startPostgres() tells the end of the log when the server does not start', async () => {
  const dataDir = join(home.dir, 'broken')
  await (await startPostgres({ dataDir })).stop()
  await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '9.4\n')
  await expect(startPostgres({ dataDir })).rejects.toMatchObject({
    code: 'config/invalid',
    message: expect.stringMatching(/Could not start Postgres: code 1[\s\S]*incompatible/),
  })
})
