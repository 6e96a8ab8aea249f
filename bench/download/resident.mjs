import { readFileSync, writeFileSync } from 'node:fs'

/** Resident memory of a process, in MiB. */
export function residentMiB(pid) {
  return statusMiB(pid, 'VmRSS')
}

/** Its peak since `restartPeak`, in MiB. */
export function peakMiB(pid) {
  return statusMiB(pid, 'VmHWM')
}

/** Makes the peak begin anew (proc(5): clear_refs). */
export function restartPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** A line of /proc/pid/status, which has it in KiB. */
function statusMiB(pid, name) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))
  return Number(line?.[1]) / 1024
}

/** Processor time that a process took so far, in seconds (proc(5): stat; a tick is a hundredth). */
export function cpuSeconds(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}
