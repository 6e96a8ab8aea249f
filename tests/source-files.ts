import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, absolute. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A text file of the repository; `path` is relative to the root, with `/` between its parts. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

const generatedFolders = new Set(['node_modules', 'dist', 'target', '.git', '.stella'])

/** Every file under a folder of the repository whose name ends in one of the suffixes, in byte order; built and fetched ones are left out. */
export function sourceFiles(folder: string, ...suffixes: string[]): SourceFile[] {
  if (!existsSync(join(root, folder))) return []
  return walk(join(root, folder))
    .filter((path) => suffixes.length === 0 || suffixes.some((suffix) => path.endsWith(suffix)))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
}

/** The text of one file of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** True for a file of tests by its name. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|-suite\.ts$|\/testing\/|^tests\//.test(path)
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !generatedFolders.has(name) && !name.endsWith('.node'))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]))
}
