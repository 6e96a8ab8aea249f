import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { platform, root, setupDir } from './paths.mjs'
import { mustRun, SetupError, say } from './run-command.mjs'
import { hashOf, readStamp, writeStamp } from './stamp.mjs'

const bindingDir = join(root, 'native', 'binding')
/** napi writes here; only the finished library is moved beside the committed index.js and index.d.ts. */
const outputDir = join(root, '.stella', 'build', 'native')
const stampFile = join(setupDir, 'native')
const inputs = [
  'Cargo.toml',
  'Cargo.lock',
  'rust-toolchain.toml',
  '.cargo',
  'native/crates',
  'native/package.json',
  'native/binding/Cargo.toml',
  'native/binding/build.rs',
  'native/binding/src',
]

/** The two files that napi generates and the repository keeps. */
export const generatedFiles = ['index.d.ts', 'index.js']

/** Builds the native module unless the built one comes from these very sources. */
export async function buildNativeModule() {
  const sources = await hashOf(inputs, [platform])
  const built = await builtLibrary(bindingDir)
  if (built && (await readStamp(stampFile)) === (await stampOf(sources, join(bindingDir, built)))) return

  say('building the native module (about two minutes the first time)')
  await generate()
  const library = await builtLibrary(outputDir)
  if (!library)
    throw new SetupError(
      `Could not build the native module: napi left no library in ${outputDir}.\nDelete that folder and try again.`,
    )

  // A running process keeps the old library mapped, so it is replaced, never written into.
  const partial = join(bindingDir, `.${library}.${process.pid}.node`)
  await copyFile(join(outputDir, library), partial)
  await rename(partial, join(bindingDir, library))
  await writeStamp(stampFile, await stampOf(sources, join(bindingDir, library)))
}

/** Names the generated files that differ from the committed ones, after a fresh generation; `write` mends them. */
export async function staleGeneratedFiles({ write = false } = {}) {
  await generate()
  const stale = []
  for (const name of generatedFiles) {
    const [fresh, kept] = await Promise.all(
      [outputDir, bindingDir].map((dir) => readFile(join(dir, name)).catch(() => undefined)),
    )
    if (fresh && kept?.equals(fresh)) continue
    stale.push(join('native', 'binding', name))
    if (write && fresh) await copyFile(join(outputDir, name), join(bindingDir, name))
  }
  return stale
}

async function generate() {
  await rm(outputDir, { recursive: true, force: true })
  const napi = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js')
  const args = ['build', '--platform', '--release', '--manifest-path', 'native/binding/Cargo.toml']
  args.push('--package-json-path', 'native/package.json', '--output-dir', outputDir, '--', '--locked')
  const env = { ...process.env, PATH: [process.env.PATH, cargoBin()].filter(Boolean).join(delimiter) }
  await requireCargo(env)
  await mustRun(process.execPath, [napi, ...args], {
    cwd: root,
    env,
    failure: {
      what: 'Could not build the native module',
      todo: 'The first build needs Rust 1.89 or later, a C compiler and a network that reaches crates.io. Then run the same command again.',
    },
  })
}

async function requireCargo(env) {
  await mustRun('cargo', ['--version'], {
    env,
    failure: {
      what: 'Could not build the native module',
      todo: 'Install Rust 1.89 or later (https://rustup.rs, or your system\'s package "cargo"), then run the same command again.',
    },
  })
}

/** Where rustup puts cargo: a fresh shell may not have it on the PATH yet. */
function cargoBin() {
  const bin = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin')
  return existsSync(bin) ? bin : ''
}

async function builtLibrary(dir) {
  const names = await readdir(dir).catch(() => [])
  return names.find((name) => /^stella\..+\.node$/.test(name) && name.includes(platform))
}

async function stampOf(sources, library) {
  const digest = createHash('sha256').update(await readFile(library))
  return `${sources} ${digest.digest('hex')}\n`
}
