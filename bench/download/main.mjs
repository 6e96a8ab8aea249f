/**
 * Bytes per second and memory of a download through the gateway, side by side with node:http and nginx serving the same file.
 *
 *   node bench/download/main.mjs [--mib 1024] [--rounds 5]
 *
 * Needs psql, and nginx, without which its column is empty. Everything runs on the loopback address of this machine, cache warm.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startTestStack } from '@stella/deploy'
import { fetchOnce } from './fetch-once.mjs'
import { startNginx, startPipe } from './peers.mjs'
import { report } from './report.mjs'
import { cpuSeconds, peakMiB, residentMiB, restartPeak } from './resident.mjs'
import { storeBundle } from './store-bundle.mjs'

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, rounds: { type: 'string', default: '5' } },
})
const sizeBytes = Number(values.mib) * 2 ** 20
const rounds = Number(values.rounds)

const stack = await startTestStack()
try {
  await bench()
} finally {
  await stack.stop()
}

async function bench() {
  const stored = await storeBundle(stack, sizeBytes)
  const peers = [await startPipe(stored.file), await startNginx(stored.file)].filter((peer) => peer !== null)
  try {
    const gateway = {
      name: 'gateway',
      url: stored.url,
      headers: stored.headers,
      pid: stack.processes.gateway.pid,
      times: [],
      cpu: [],
    }
    const servers = [gateway, ...peers.map((peer) => ({ ...peer, headers: {}, times: [], cpu: [] }))]
    const idleMiB = residentMiB(gateway.pid)
    for (const server of servers) await requireSame(server, stored.sha256)
    restartPeak(gateway.pid)
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        const before = cpuSeconds(server.pid)
        server.times.push((await fetchOnce(server, sizeBytes)).seconds)
        server.cpu.push(cpuSeconds(server.pid) - before)
      }
      console.log(
        servers.map(({ name, times }) => `${name} ${(sizeBytes / times.at(-1) / 1e9).toFixed(2)} GB/s`).join(', '),
      )
    }
    const page = report({ sizeBytes, rounds, servers, aboveIdleMiB: peakMiB(gateway.pid) - idleMiB, idleMiB })
    await writeFile(new URL('RESULTS.md', import.meta.url), page)
    console.log(page)
  } finally {
    for (const peer of peers) await peer.stop()
  }
}

/** The first download of each is checked, and warms the cache. */
async function requireSame(server, sha256) {
  const got = await fetchOnce({ ...server, hashed: true }, sizeBytes)
  if (got.sha256 !== sha256) throw new Error(`${server.name} sent other bytes`)
}
