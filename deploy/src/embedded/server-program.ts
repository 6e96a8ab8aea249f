import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem } from '@stella/contracts'

/** Absolute path of the repository: the same from `src` and from `dist`. */
export const repositoryDir = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Where set-up found a server: the folder with `bin/postgres`, or the program `nats-server` itself.
 *
 * @throws `config/invalid` when set-up has not run, or what it found is gone
 */
export async function serverProgram(name: 'postgres' | 'nats-server'): Promise<string> {
  try {
    return await realpath(join(repositoryDir, '.stella', 'setup', name))
  } catch (cause) {
    throw new Problem(
      'config/invalid',
      `Could not find ${name}: set-up has not prepared it.\nRun: node deploy/setup/main.mjs --dev`,
      { cause },
    )
  }
}
