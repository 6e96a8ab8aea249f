import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second, of which /proc counts processor time (proc(5)); 100 on every Linux that Node runs on. */
const TICKS = 100

/** Seconds of processor time of a process, its threads and its children, ended ones that it waited for included. */
export function cpuSeconds(pid) {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat?.parent === pid)
  return [statOf(pid), ...children].reduce((sum, stat) => sum + (stat?.ticks ?? 0), 0) / TICKS
}

/** A line of /proc/PID/status about memory, in MiB. */
export function memoryMiB(pid, name) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))
  return Number(line?.[1]) / 1024
}

function statOf(pid) {
  try {
    // The name of the program, in parentheses, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
    return { parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) }
  } catch {
    return undefined // It ended meanwhile.
  }
}
