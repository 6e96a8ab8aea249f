import { spawnSync } from 'node:child_process'

/**
 * True where a test must be skipped since the program that judges it is absent; says how to install it. Under CI=true it is never
 * true, so that the test fails there.
 */
export function lacksJudge(program: string, install: string): boolean {
  const present = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
  if (!present) console.warn(`${program} is absent; to have it: ${install}`)
  return !present && process.env.CI !== 'true'
}
