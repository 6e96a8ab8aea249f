/**
 * Requests a second of `GET /export/runs/{id}` and `POST /export/runs`, and 1,000 readers of updates, side by side with bare servers.
 *
 *   node bench/gateway/main.mjs [--seconds 6] [--rounds 3]
 *
 * Everything, load and servers, shares the cores of this machine. No worker runs, so that accepted runs stay in the queue and take nothing.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startTestStack } from '@stella/deploy'
import { cpuSeconds, peakMiB, residentMiB, restartPeak } from '../download/resident.mjs'
import { load } from './load.mjs'
import { startPeers } from './peers.mjs'
import { prepare } from './prepare.mjs'
import { measureReaders } from './readers.mjs'
import { report } from './report.mjs'

/** Connections of the load, and requests a second of the steady one. */
const CONNECTIONS = 64
const STEADY_RATE = 2000

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '3' } },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

const UNLIMITED = { STELLA_TENANT_REQUESTS_PER_MINUTE: '100000000', STELLA_PROFILE_RUNS_PER_MINUTE: '100000000' }
const stack = await startTestStack({ workers: 0, env: UNLIMITED })
try {
  await bench()
} finally {
  await stack.stop()
}

async function bench() {
  const requests = await prepare(stack)
  const peers = await startPeers(stack, requests)
  try {
    const { pid } = stack.processes.gateway
    const idleMiB = residentMiB(pid)
    restartPeak(pid)
    const servers = [{ name: 'gateway', url: stack.url, pid }, ...peers.servers]
    const measured = []
    for (const request of requests) measured.push({ request, results: await sideBySide(servers, request) })
    const steady = await load({
      url: stack.url,
      request: requests[1],
      seconds: seconds * 2,
      connections: CONNECTIONS,
      rate: STEADY_RATE,
    })
    const loadMiB = peakMiB(pid) - idleMiB
    const readers = await measureReaders(stack, {
      runId: requests[0].paths[0].split('/').at(-1),
      broadcaster: peers.broadcaster,
    })
    const page = report({ measured, steady, readers, idleMiB, loadMiB, rounds, seconds, connections: CONNECTIONS })
    await writeFile(new URL('RESULTS.md', import.meta.url), page)
    console.log(page)
  } finally {
    await peers.stop()
  }
}

/** Each server in turn, round after round, so that what else the machine does falls on all alike. */
async function sideBySide(servers, request) {
  const results = servers.map(({ name }) => ({ name, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [at, { name, url, pid }] of servers.entries()) {
      const before = cpuSeconds(pid)
      const result = await load({ url, request, seconds, connections: CONNECTIONS })
      results[at].rounds.push({ ...result, cpuMicros: ((cpuSeconds(pid) - before) / result.answered) * 1e6 })
      console.log(`${request.name}, ${name}: ${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms`)
    }
  }
  return results
}
