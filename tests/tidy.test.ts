import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { jsonSchemas } from '@stella/contracts'
import { describe, expect, test } from 'vitest'
import { isTest, root, type SourceFile, sourceFiles, textOf } from './source-files.ts'
import { endpointTable } from './support/endpoint-table.ts'

const workspaces = (JSON.parse(textOf('package.json')) as { workspaces: string[] }).workspaces
/** The project's own files: what a reader of the docs leaves beside them is not looked at. */
const all = [
  ...[...workspaces, 'bench', 'docs', 'samples', 'tests', '.ci'].flatMap((folder) => sourceFiles(folder)),
  ...readdirSync(root)
    .filter((name) => /\.(md|ts|toml)$|^(package|biome|tsconfig.*)\.json$/.test(name))
    .map((path) => ({ path, text: textOf(path) })),
]
const generated = /^native\/binding\/index\.(js|d\.ts)$|(^|\/)migrations\/|(^|\/)golden\//
const code = all.filter(({ path }) => /\.(ts|mts|mjs|rs)$/.test(path) && !generated.test(path))
const pathsOf = (files: readonly SourceFile[]) => files.map(({ path }) => path)

describe('names', () => {
  test('files of TypeScript are kebab-case, files of Rust snake_case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*(\.d)?\.(ts|mts|mjs)$/
    const snake = /^[a-z0-9]+(_[a-z0-9]+)*\.rs$/
    expect(code.length).toBeGreaterThan(30)
    expect(pathsOf(code.filter(({ path }) => !kebab.test(basename(path)) && !snake.test(basename(path))))).toEqual([])
  })

  test('no file or folder is a drawer for what found no place', () => {
    const drawer = /(^|\/)(utils?|helpers?|common|misc|types)(\/|(\.test)?\.(ts|mts|mjs|rs)$)/
    expect(pathsOf(code.filter(({ path }) => drawer.test(path)))).toEqual([])
  })
})

describe('sizes', () => {
  const lines = (text: string) => text.split('\n').length - 1

  test('a source file has 300 lines at most, a test 400', () => {
    const wrong = code.filter(({ path, text }) => {
      if (isTest(path) || /\/tests\//.test(path)) return lines(text) > 400
      const [source = ''] = path.endsWith('.rs') ? text.split(/^#\[cfg\(test\)\]$/m) : [text]
      return lines(source) > 300 || lines(text) > 400
    })
    expect(wrong.map(({ path, text }) => `${path}: ${lines(text)} lines`)).toEqual([])
  })

  test('architecture.md has 300 lines at most', () => {
    expect(lines(textOf('docs/export-center/architecture.md'))).toBeLessThanOrEqual(300)
  })
})

describe('exports', () => {
  const doors = workspaces.flatMap((name) => sourceFiles(`${name}/src`, 'index.ts'))
  const list = /export (?:type )?\{([^}]*)\} from '([^']+)'/g

  test('index.ts stands at the door of a package only, and holds named re-exports only', () => {
    const wrong = doors.filter(({ path, text }) => {
      const rest = text.replace(list, '').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      return !/^[a-z-]+\/src\/(testing\/)?index\.ts$/.test(path) || rest.trim() !== ''
    })
    expect(doors.length).toBeGreaterThan(0)
    expect(pathsOf(wrong)).toEqual([])
  })

  test('there are no default exports', () => {
    const mayHave = /\.config\.ts$|^gateway\/src\/app\.ts$/
    expect(pathsOf(code.filter(({ path, text }) => /^export default\b/m.test(text) && !mayHave.test(path)))).toEqual([])
  })

  test('every name that a package exports has a docstring', () => {
    const exported = doors.flatMap((door) => reExports(door.text).map((entry) => ({ ...entry, door: door.path })))
    const bare = exported.filter(({ door, name, from }) => !isDocumented(join(dirname(door), from), name))
    expect(exported.length).toBeGreaterThan(50)
    expect(bare.map(({ door, name, from }) => `${door}: ${name} of ${from}`)).toEqual([])
  })

  function reExports(text: string): { name: string; from: string }[] {
    return [...text.matchAll(list)].flatMap(([, names = '', from = '']) =>
      names
        .split(',')
        .map((name) => (name.replace(/\btype\b/, '').split(/\bas\b/)[0] ?? '').trim())
        .filter((name) => name !== '')
        .map((name) => ({ name, from })),
    )
  }

  function isDocumented(path: string, name: string): boolean {
    const file = path.endsWith('#binding') ? 'native/binding/index.d.ts' : path
    const text = textOf(file)
    const declared = new RegExp(
      `^export (?:declare )?(?:abstract )?(?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
      'm',
    ).exec(text)
    if (declared) return /\*\/\s*$/.test(text.slice(0, declared.index))
    const again = reExports(text).find((entry) => entry.name === name)
    return again !== undefined && isDocumented(join(dirname(file), again.from), name)
  }
})

describe('what is left behind', () => {
  const self = 'tests/tidy.test.ts'
  const texts = all.filter(({ path }) => path !== self && !/(^|\/)(package-lock\.json|Cargo\.lock)$/.test(path))

  test('a TODO names its issue', () => {
    expect(pathsOf(texts.filter(({ text }) => /\b(TODO(?!\(#\d+\))|FIXME|XXX)\b/.test(text)))).toEqual([])
  })

  test('no test is skipped or alone', () => {
    const parked = /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:skip|only|todo|fails)\b|^\s*#\[ignore/m
    expect(pathsOf(code.filter(({ path, text }) => path !== self && parked.test(text)))).toEqual([])
  })

  test('no text names a path or a host of the machine that built it', () => {
    const paths = /(?:^|[\s"'`(=:])\/(?:work|root|home\/[a-z]+)\//m
    const hosts =
      /https?:\/\/(?!127\.|0\.0\.0\.0|1\.2\.3\.4)(?:\d{1,3}(?:\.\d{1,3}){3}|(?!localhost\b)[a-z0-9-]{2,})(?::\d+)?(?:[/"'`\s]|$)/m
    expect(pathsOf(texts.filter(({ text }) => paths.test(text) || hosts.test(text)))).toEqual([])
  })

  test('lock files name the public registries only, or none', () => {
    const npm = [...textOf('package-lock.json').matchAll(/"resolved": "(https?:[^"]+)"/g)].map(([, url = '']) => url)
    const cargo = [...textOf('Cargo.lock').matchAll(/^source = "([^"]+)"/gm)].map(([, url = '']) => url)
    expect(npm.filter((url) => !url.startsWith('https://registry.npmjs.org/'))).toEqual([])
    expect(cargo.filter((url) => url !== 'registry+https://github.com/rust-lang/crates.io-index')).toEqual([])
  })
})

describe('generated files', () => {
  const folder = join(root, 'contracts/schemas')

  test('contracts/schemas holds the schema of each published shape, and no other file', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(jsonSchemas()).sort())
  })

  // After a change to a shape or to the table of endpoints: npx vitest run tests/tidy.test.ts --update
  test.each(Object.entries(jsonSchemas()))('contracts/schemas/%s is what its zod schema says', async (name, schema) => {
    await expect(formatted(name, JSON.stringify(schema))).toMatchFileSnapshot(join(folder, name))
  })

  test('docs/export-center/api.md prints the table of endpoints', async () => {
    const path = 'docs/export-center/api.md'
    const page = textOf(path).replace(/(?<=<!-- endpoints -->\n)[\s\S]*(?=<!-- end -->)/, `\n${endpointTable()}\n`)
    await expect(page).toMatchFileSnapshot(join(root, path))
  })

  function formatted(name: string, text: string): string {
    const biome = join(root, 'node_modules/.bin/biome')
    const path = `--stdin-file-path=contracts/schemas/${name}`
    return execFileSync(biome, ['format', path], { cwd: root, input: text, encoding: 'utf8' })
  }
})
