import { type Stack, startStack } from '../stack.ts'
import { makeTestHome } from './test-home.ts'

/** What `startTestStack` needs to know. */
export interface TestStackOptions {
  /** Number of worker processes, 1 unless given. */
  readonly workers?: number
  /** Variables of the services, added to the bare minimum (PATH, HOME, TMPDIR). */
  readonly env?: NodeJS.ProcessEnv
}

/** A stack in a new folder; `stop` removes the folder. */
export interface TestStack extends Stack {
  readonly home: string
}

/** Starts a whole stack in a new folder on free ports, all parts embedded whatever the environment says. */
export async function startTestStack({ workers = 1, env = {} }: TestStackOptions = {}): Promise<TestStack> {
  const home = await makeTestHome()
  const { PATH, HOME, TMPDIR } = process.env
  try {
    const stack = await startStack({ home: home.dir, env: { PATH, HOME, TMPDIR, ...env }, workers, durable: false })
    const stop = async () => {
      await stack.stop()
      await home.remove()
    }
    return { ...stack, home: home.dir, stop }
  } catch (error) {
    await home.remove()
    throw error
  }
}
