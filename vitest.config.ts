import { availableParallelism } from 'node:os'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const packages = '{contracts,core,db,adapters,native,workers,gateway,cli,reader,deploy}'
// Workspace packages are tested from their sources; processes that tests start run the compiled ones.
// Not `module`: what stands under it is for bundlers, and Node, which loads the dependencies, cannot.
const conditions = ['source', ...defaultServerConditions.filter((condition) => condition !== 'module')]

/** One project of the run: which files, and how long one test may take, in milliseconds. */
function project(name: string, include: string[], timeoutMs: number, exclude: string[] = []) {
  return {
    extends: true as const,
    test: { name, include, exclude, testTimeout: timeoutMs, hookTimeout: Math.max(timeoutMs, 60_000) },
  }
}

/** Files that take minutes. */
const longest = ['api-fuzz', 'servers-away', 'interrupted-downloads']

/** Starts the longest files first, so that no core waits for the last of them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => Number(!longest.some((name) => moduleId.includes(name)))
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: './deploy/src/testing/global-setup.ts',
    sequence: { sequencer: LongestFirst },
    maxWorkers: Math.min(availableParallelism(), 4),
    // The generated loader of the native module is CommonJS.
    server: { deps: { external: [/native\/binding\/index\.js$/] } },
    projects: [
      project('unit', [`${packages}/src/**/*.test.ts`, 'deploy/setup/*.test.mjs'], 20_000),
      project('tests', ['tests/**/*.test.ts'], 120_000, ['tests/heavy/**']),
      project('heavy', ['tests/heavy/**/*.test.ts'], 30 * 60_000),
    ],
  },
})
