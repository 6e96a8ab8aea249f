import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { envFile } from './env-file.ts'

test('envFile() gives every value back to a shell that sources it', () => {
  const value = fc.string({ unit: fc.constantFrom("'", '"', '$', '`', '\\', ' ', '\n', 'a', '!', 'é') })
  fc.assert(
    fc.property(value, (secret) => {
      const script = `${envFile({ SECRET: secret })}printf %s. "$SECRET"`
      expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout).toBe(`${secret}.`)
    }),
    { numRuns: 50 },
  )
})
