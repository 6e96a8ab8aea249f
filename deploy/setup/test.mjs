// `npm test`: every test of TypeScript and Rust, then one line that sums them up. Words after `--` go to vitest.
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './paths.mjs'

const reportFile = join(root, '.stella', 'build', 'vitest.json')

/** Runs a program with its output passed on. @returns exit code and what it wrote to standard output */
function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks = []
    child.stdout.on('data', (chunk) => {
      chunks.push(chunk)
      process.stdout.write(chunk)
    })
    child.on('error', (error) => resolve({ code: 1, output: '', error }))
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }))
  })
}

async function runVitest(words) {
  await mkdir(join(root, '.stella', 'build'), { recursive: true })
  await rm(reportFile, { force: true })
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const projects = words.some((word) => word.startsWith('--project')) ? [] : ['--project', 'unit', '--project', 'tests']
  const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const { code } = await run(process.execPath, [vitest, 'run', ...projects, ...report, ...words])
  const result = JSON.parse(await readFile(reportFile, 'utf8').catch(() => '{}'))
  const passed = result.numPassedTests ?? 0
  // A file that does not even load has no tests to count.
  const unloaded = (result.testResults ?? []).filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const failed = (result.numFailedTests ?? 0) + unloaded.length
  return { code, passed, failed, skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0) }
}

async function runCargo() {
  // The binding is tested through JavaScript: its symbols exist only inside Node.
  const args = ['test', '--workspace', '--exclude', 'stella-native', '--locked', '--quiet', '--no-fail-fast']
  const { code, output, error } = await run('cargo', args)
  if (error) process.stderr.write(`Could not run the Rust tests: ${error.message}.\nInstall Rust 1.89 or later.\n`)
  const sums = { code, passed: 0, failed: 0, skipped: 0 }
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    sums.passed += Number(passed)
    sums.failed += Number(failed)
    sums.skipped += Number(ignored)
  }
  return sums
}

/**
 * Runs all tests.
 *
 * @param {string[]} [words] for vitest, for instance a path; then Rust is left out
 * @returns {Promise<boolean>} whether all passed
 */
export async function runTests(words = []) {
  const parts = [await runVitest(words)]
  if (words.length === 0) parts.push(await runCargo())
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0)
  const sound = parts.every(({ code }) => code === 0)
  // Something went wrong outside any one test: a set-up that failed, a build that broke.
  const failed = sound ? sum('failed') : Math.max(1, sum('failed'))
  process.stdout.write(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped\n`)
  return sound
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await runTests(process.argv.slice(2))) ? 0 : 1
