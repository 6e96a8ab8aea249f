import { existsSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

import { isTest, root, type SourceFile, sourceFiles, textOf } from './source-files.ts'

/** Which package of ours may import which: design, section 4. A package that is not named here may import none. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  core: ['contracts'],
  db: ['contracts', 'core'],
  adapters: ['contracts', 'core'],
  native: ['contracts', 'core'],
  workers: ['contracts', 'core', 'db', 'adapters', 'native'],
  gateway: ['contracts', 'core', 'db', 'adapters', 'native'],
  cli: ['contracts', 'core', 'native'],
  reader: ['contracts', 'core', 'native'],
  console: ['contracts'],
  deploy: ['contracts', 'core', 'db'],
}

/** What only some packages may import. */
const owners: Readonly<Record<string, readonly string[]>> = {
  'drizzle-orm': ['db'],
  postgres: ['db'],
  nats: ['adapters'],
  hono: ['gateway', 'reader'],
  '#binding': ['native'],
}

/** What the tests of any package may import as well. */
const testLibraries = ['vitest', 'fast-check', '@stella/deploy', '@stella/contracts', '@stella/core', '@stella/native']

interface Import {
  readonly file: string
  readonly package: string
  readonly specifier: string
}

const workspaces = (JSON.parse(textOf('package.json')) as { workspaces: string[] }).workspaces
const manifests = new Map(workspaces.map((name) => [name, JSON.parse(textOf(`${name}/package.json`)) as Manifest]))
const imports = workspaces.flatMap((name) => sourceFiles(`${name}/src`, '.ts').flatMap((file) => importsOf(name, file)))

interface Manifest {
  readonly exports: Record<string, unknown>
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

function importsOf(name: string, { path, text }: SourceFile): Import[] {
  const found = text.matchAll(/(?:\bfrom|^import|\bimport\s*\(|\brequire\s*\()\s*'([^'\n]+)'/gm)
  return [...found].map(([, specifier = '']) => ({ file: path, package: name, specifier }))
}

/** `@scope/name` or `name` of an import of a package, `node:…` and `#…` as they are; null for a relative path. */
function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return null
  if (/^(node:|#)/.test(specifier)) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

const sources = workspaces.flatMap((name) => sourceFiles(`${name}/src`, '.ts'))
const entries = sources.map(({ path }) => path).filter((path) => /^(index|main)\.ts$/.test(basename(path)))

/** Files that are loaded where nothing is tested: those reached from a package's door or a program, by relative imports. */
const shipped = reachedFrom(entries, (path) => !isTest(path))

function reachedFrom(starts: readonly string[], follow: (path: string) => boolean): Set<string> {
  const reached = new Set(starts.filter(follow))
  for (const at of reached) {
    for (const { file, specifier } of imports) {
      const target = normalize(join(dirname(file), specifier))
      if (file === at && specifier.startsWith('.') && follow(target)) reached.add(target)
    }
  }
  return reached
}

const shown = ({ file, specifier }: Import) => `${file} imports ${specifier}`
const product = imports.filter(({ file }) => shipped.has(file))

describe('direction of imports', () => {
  test('every workspace has a place in the table of arrows, and imports were found in it', () => {
    expect(workspaces.filter((name) => !(name in arrows))).toEqual([])
    expect(
      workspaces.filter((name) => name !== 'contracts' && !imports.some((found) => found.package === name)),
    ).toEqual([])
  })

  test('a package imports ours along the arrows only, so siblings never import each other', () => {
    const wrong = product.filter(({ package: from, specifier }) => {
      const ours = /^@stella\/([^/]+)/.exec(specifier)?.[1]
      return ours !== undefined && !arrows[from]?.includes(ours)
    })
    expect(wrong.map(shown)).toEqual([])
  })

  test('package.json files depend on ours along the arrows only', () => {
    const wrong = [...manifests].flatMap(([from, { dependencies = {} }]) =>
      Object.keys(dependencies)
        .filter((name) => name.startsWith('@stella/') && !arrows[from]?.includes(name.slice('@stella/'.length)))
        .map((name) => `${from}/package.json depends on ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('packages are imported by a name in their exports, never by a path into their folders', () => {
    const wrong = imports.filter(({ file, package: from, specifier }) => {
      const ours = /^@stella\/([^/]+)(.*)$/.exec(specifier)
      if (ours) return !(`.${ours[2]}` in (manifests.get(ours[1] ?? '')?.exports ?? {}))
      if (!specifier.startsWith('.')) return specifier.startsWith('/')
      return !normalize(join(dirname(file), specifier)).startsWith(join(from, 'src/'))
    })
    expect(wrong.map(shown)).toEqual([])
  })

  test('a relative import names a file that exists, with its ending', () => {
    const wrong = imports.filter(
      ({ file, specifier }) => specifier.startsWith('.') && !existsSync(join(root, dirname(file), specifier)),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  test('no source file is left without use', () => {
    const tests = sources.map(({ path }) => path).filter((path) => path.endsWith('.test.ts'))
    const used = reachedFrom([...entries, ...tests], () => true)
    // Programs that others start, and what vitest starts, are named by a path in a text.
    const texts = [...sources.map(({ text }) => text), textOf('vitest.config.ts')].join('\n')
    const named = (path: string) => new RegExp(`\\b${basename(path, '.ts')}\\.[jt]s'`).test(texts)
    const unused = sources.map(({ path }) => path).filter((path) => !used.has(path) && !path.endsWith('.d.ts'))
    expect(unused.filter((path) => !named(path))).toEqual([])
  })

  test('what a package imports is among its own dependencies', () => {
    const wrong = imports.filter(({ file, package: from, specifier }) => {
      const name = packageOf(specifier)
      if (name === null || /^(node:|#)/.test(name) || name === `@stella/${from}`) return false
      const { dependencies = {}, optionalDependencies = {} } = manifests.get(from) ?? {}
      return !(
        name in dependencies ||
        name in optionalDependencies ||
        (!shipped.has(file) && testLibraries.includes(name))
      )
    })
    expect(wrong.map(shown)).toEqual([])
  })

  test('the database, the bus, the web framework and the binding have one importer each', () => {
    const wrong = product.filter(({ package: from, specifier }) => {
      const owner = owners[packageOf(specifier) ?? '']
      return owner !== undefined && !owner.includes(from)
    })
    expect(wrong.map(shown)).toEqual([])
  })
})

describe('the pure core', () => {
  const pure: readonly string[] = workspaces.filter((name) => name === 'core' || name === 'contracts')
  const files = pure.flatMap((name) => sourceFiles(`${name}/src`, '.ts')).filter(({ path }) => !isTest(path))

  test('core and contracts import nothing of Node but node:crypto', () => {
    const wrong = product.filter(
      ({ package: from, specifier }) => pure.includes(from) && /^node:(?!crypto$)/.test(specifier),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  test('core and contracts read no clock, no random source, no environment and no network', () => {
    const forbidden =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandom(?:UUID|Bytes|Int)\b|\bprocess\.[a-z]|\bfetch\(|\bset(?:Timeout|Interval)\b/
    expect(files.filter(({ text }) => forbidden.test(text)).map(({ path }) => path)).toEqual([])
  })

  test('the environment is read in main.ts files only', () => {
    const wrong = workspaces
      .flatMap((name) => sourceFiles(`${name}/src`, '.ts'))
      .filter(({ path, text }) => /\bprocess\.env\b/.test(text) && shipped.has(path) && basename(path) !== 'main.ts')
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})

describe('pure crates', () => {
  const crates = sourceFiles('native/crates', 'Cargo.toml')

  test('inherit the lints of the workspace, which forbid unsafe code', () => {
    expect(crates.length).toBeGreaterThan(0)
    expect(textOf('Cargo.toml')).toMatch(/^\[workspace\.lints\.rust\][^[]*^unsafe_code = "forbid"$/m)
    expect(crates.filter(({ text }) => !/^\[lints\]\nworkspace = true$/m.test(text)).map(({ path }) => path)).toEqual(
      [],
    )
  })

  test('hold no unsafe code and no permission for it', () => {
    const wrong = sourceFiles('native/crates', '.rs').filter(({ text }) =>
      /^[^/\n]*(?:\bunsafe\s*(?:\{|fn|impl|trait|extern)|allow\(unsafe)/m.test(text),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('know nothing of Node', () => {
    const wrong = [...crates, ...sourceFiles('native/crates', '.rs')].filter(({ text }) =>
      /^\s*(?:napi|stella-native)\b|\bnapi(?:_derive)?::/m.test(text),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
