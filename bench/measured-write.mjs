import { execFile } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { memoryMiB } from './ingest/process-costs.mjs'

/** Runs `program`, which calls `measuredWrite`, in a new process. @returns what it prints */
export function runMeasured(program, options) {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [program], (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    )
    child.stdin?.end(JSON.stringify(options))
  })
}

/**
 * One worker's writing, in a process of its own so that its memory can be told: reads options from standard input, writes the file, and
 * prints seconds, what `write` returns, and the peak of its resident memory above what it was before, in MiB.
 */
export async function measuredWrite(write) {
  const options = JSON.parse(await text(process.stdin))
  const idle = memoryMiB('self', 'VmRSS')
  const started = performance.now()
  const { withheld, ...written } = await write(options)
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage()
  const memory = { idleMiB: idle, aboveIdleMiB: memoryMiB('self', 'VmHWM') - idle }
  const result = { seconds, ...written, withheld: withheld.length, ...memory, cpuSeconds: (user + system) / 1e6 }
  process.stdout.write(JSON.stringify(result))
}
