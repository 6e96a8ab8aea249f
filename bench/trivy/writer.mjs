/**
 * One worker's building of a database, in a process of its own so that its memory can be told: reads options from standard input, writes the
 * file, and prints seconds, counts, and the peak of its resident memory above what it was before, in MiB.
 */
import { text } from 'node:stream/consumers'
import { writeTrivy } from '@stella/native'
import { memoryMiB } from '../ingest/process-costs.mjs'

const options = JSON.parse(await text(process.stdin))
const idle = memoryMiB('self', 'VmRSS')
const started = performance.now()
const { withheld, ...made } = await writeTrivy(options)
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage()
const memory = { idleMiB: idle, aboveIdleMiB: memoryMiB('self', 'VmHWM') - idle }
process.stdout.write(
  JSON.stringify({ seconds, ...made, withheld: withheld.length, ...memory, cpuSeconds: (user + system) / 1e6 }),
)
