/**
 * One worker's writing, in a process of its own so that its memory can be told: reads options from standard input, writes the file, and
 * prints seconds, counts, and the peak of its resident memory above what it was before, in MiB.
 */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { writeJsonLines } from '@stella/native'

const options = JSON.parse(await text(process.stdin))
const idle = residentMiB('VmRSS')
const started = performance.now()
const written = await writeJsonLines(options)
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage()
const { records, plainBytes, sizeBytes, sha256, withheld } = written
const result = { seconds, records, plainBytes, sizeBytes, sha256, withheld: withheld.length }
const memory = { idleMiB: idle, aboveIdleMiB: residentMiB('VmHWM') - idle }
process.stdout.write(JSON.stringify({ ...result, ...memory, cpuSeconds: (user + system) / 1e6 }))

/** A line of /proc/self/status, which has it in KiB. */
function residentMiB(name) {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))
  return Number(line?.[1]) / 1024
}
