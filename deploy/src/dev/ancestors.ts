import { readlinkSync } from 'node:fs'
import { commandOf, parentOf } from '../process-identity.ts'

const POLL_MS = 500
/** npm, its shell, and one wrapper more. */
const MAX_LEVELS = 4
const shell = /^(\S*\/)?(ba|da|z|k|fi|a)?sh( |$)/
const packageManager = /\b(npm|npx|pnpm|yarn|bun)\b/

/** One link of the chain from this process upwards. */
interface Link {
  readonly pid: number
  readonly parent: number | undefined
}

/**
 * Tells when a process above this one dies, however it dies: its parent; under a package manager also what stands between, the
 * package manager itself, and who started that. A shell that put the command into the background (standard input is then
 * /dev/null) is not watched: it is meant to end first.
 *
 * @param runByPackageManager whether this process is the script that a package manager runs, and not just below one
 * @param onDeath called once
 * @returns the function that ends the watch
 */
export function watchAncestors(runByPackageManager: boolean, onDeath: (why: string) => void): () => void {
  const chain = runByPackageManager ? managedChain() : [linkOf(process.pid)]
  if (!chain) {
    queueMicrotask(() => onDeath('its package manager has ended'))
    return () => undefined
  }
  const timer = setInterval(() => {
    const broken = chain.find(({ pid, parent }) => parentOf(pid) !== parent)
    if (!broken) return
    clearInterval(timer)
    onDeath(`process ${broken.parent} above it has ended`)
  }, POLL_MS)
  return () => clearInterval(timer)
}

/** Links up to the package manager and its own parent; undefined when there is no package manager above any more. */
function managedChain(): Link[] | undefined {
  const chain = [linkOf(process.pid)]
  for (let level = 0; level < MAX_LEVELS; level++) {
    const above = chain.at(-1)?.parent
    if (!above) return undefined
    if (packageManager.test(commandOf(above) ?? '')) return isBackgrounded(above) ? chain : [...chain, linkOf(above)]
    chain.push(linkOf(above))
  }
  return undefined
}

/** A link is broken when the process has got another parent: the system gives orphans to one that adopts them. */
function linkOf(pid: number): Link {
  return { pid, parent: parentOf(pid) }
}

function isBackgrounded(pid: number): boolean {
  const parent = parentOf(pid)
  return parent !== undefined && shell.test(commandOf(parent) ?? '') && standardInput() === '/dev/null'
}

function standardInput(): string | undefined {
  try {
    return readlinkSync('/dev/fd/0')
  } catch {
    return undefined
  }
}
