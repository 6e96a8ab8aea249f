import { spawnSync } from 'node:child_process'
import type { ServerUser } from './server-user.ts'

/** How to start a program: `spawn(command, args, { ...account })`. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Where `setpriv` is absent: the account, for Node to change to. */
  readonly account: { readonly uid?: number; readonly gid?: number }
}

let present: boolean | undefined

/** Whether this machine has util-linux's `setpriv`, which changes account and ties a process to its parent's life. */
export function hasSetpriv(): boolean {
  present ??= spawnSync('setpriv', ['--pdeathsig', 'keep', 'true'], { stdio: 'ignore' }).status === 0
  return present
}

/**
 * Words that start a program under an account, for good.
 *
 * @param deathSignal what the kernel sends it when this process dies; needs `setpriv`
 */
export function launchAs(
  user: ServerUser | undefined,
  program: string,
  args: readonly string[],
  deathSignal?: NodeJS.Signals,
): Launch {
  if (!hasSetpriv()) return { command: program, args, account: user ? { uid: user.uid, gid: user.gid } : {} }
  const words = [
    ...(user ? accountWords(user) : []),
    ...(deathSignal ? ['--pdeathsig', deathSignal.slice('SIG'.length)] : []),
  ]
  if (words.length === 0) return { command: program, args, account: {} }
  return { command: 'setpriv', args: [...words, program, ...args], account: {} }
}

function accountWords({ uid, gid, capability }: ServerUser): string[] {
  const account = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups']
  if (!capability) return account
  // access(2), by which Postgres finds its own programs, ignores the capabilities of an ordinary account unless the fix-up is off.
  const keep = ['--securebits', '+no_setuid_fixup', '--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`]
  return [...account, ...keep]
}
