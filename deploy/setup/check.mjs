// `npm run check`: the whole gate. Format and lint, types, rustfmt, clippy, generated files, then all tests (the structural ones
// among them). `--static` leaves the tests out, but for the structural ones; `--write` mends what a program can mend.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { staleGeneratedFiles } from './native-module.mjs'
import { root, setupDir } from './paths.mjs'
import { runCommand, say } from './run-command.mjs'
import { runTests } from './test.mjs'

const write = process.argv.includes('--write')
const withoutTests = process.argv.includes('--static')

const biome = join(root, 'node_modules', '.bin', 'biome')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const structural = ['tests/architecture.test.ts', 'tests/tidy.test.ts'].filter((file) => existsSync(join(root, file)))

/** What the gate holds, in order: name and what to do; each answers whether all is well. */
const gates = [
  [
    'format and lint',
    () => command(biome, write ? ['check', '--write', '--error-on-warnings', '.'] : ['ci', '--error-on-warnings', '.']),
  ],
  ['types', () => command(process.execPath, [tsc, '-b'])],
  ['Rust format', () => command('cargo', ['fmt', '--all', ...(write ? [] : ['--check'])])],
  ['clippy', clippy],
  ['generated files', generatedFiles],
  ['tests', () => (withoutTests ? runTests(structural) : runTests())],
]

async function command(program, args) {
  const { code, absent } = await runCommand(program, args, { cwd: root, live: true })
  if (absent) say(`${program} is not on this machine`)
  return code === 0
}

async function clippy() {
  const deny = ['--locked', '--quiet', '--', '-D', 'warnings']
  // Built for tests, the binding exports nothing, so that all of it would be unused.
  const crates = await command('cargo', [
    'clippy',
    '--workspace',
    '--exclude',
    'stella-native',
    '--all-targets',
    ...deny,
  ])
  return (await command('cargo', ['clippy', '-p', 'stella-native', ...deny])) && crates
}

async function generatedFiles() {
  const stale = await withLock(join(setupDir, 'lock'), () => staleGeneratedFiles({ write }))
  if (stale.length === 0 || write) return true
  say(`not what the build generates: ${stale.join(', ')}\nRun: npm run check -- --static --write`)
  return false
}

const failed = []
for (const [name, gate] of gates) {
  say(`check: ${name}`)
  if (!(await gate())) failed.push(name)
}
say(failed.length === 0 ? 'check: all is well' : `check: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
