import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Fields of `/proc/<pid>/stat` after the program's name (proc(5)): state, parent, …; undefined for a zombie or no process. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields
  } catch {
    return undefined
  }
}

function ps(pid: number, column: string): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' })
  return stdout?.trim() || undefined
}

/** When a process began, in the system's own words: tells it from a later one with the same number. Undefined: not running. */
export function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? statFields(pid)?.[19] : ps(pid, 'lstart')
}

/** The parent's number, or undefined when the process does not run. */
export function parentOf(pid: number): number | undefined {
  const parent = process.platform === 'linux' ? statFields(pid)?.[1] : ps(pid, 'ppid')
  return parent === undefined ? undefined : Number(parent)
}

/** The command line, words joined by blanks, or undefined when it cannot be read. */
export function commandOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'command')
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined
  } catch {
    return undefined
  }
}
