import { randomUUID } from 'node:crypto'
import { connectBus } from '@stella/adapters'
import { runEvent } from '@stella/contracts'
import WebSocket from 'ws'
import { cpuSeconds, peakMiB, residentMiB, restartPeak } from '../download/resident.mjs'

/** Readers of one run, and events that they all get. */
const READERS = 1000
const EVENTS = 100
/** Readers that connect at a time. */
const CONNECTING = 50

/** Frames a second to `READERS` readers of one run, by the gateway and by a bare broadcaster, one after the other. */
export async function measureReaders(stack, { runId, broadcaster }) {
  const bus = await connectBus(stack.natsUrl, { log: () => {} })
  try {
    const token = await stack.token({ tenant: 'bench', roles: ['Export.Viewer'] })
    const headers = { authorization: `Bearer ${token}` }
    const ours = { name: 'gateway', url: `${stack.url}/export/streams/updates?run_id=${runId}`, headers }
    const bare = { name: 'bare ws', url: broadcaster.url, headers: {} }
    return [
      await measure({ ...ours, pid: stack.processes.gateway.pid }, bus, runId),
      await measure({ ...bare, pid: broadcaster.pid }, bus, runId),
    ]
  } finally {
    await bus.close()
  }
}

async function measure({ name, url, headers, pid }, bus, runId) {
  const idleMiB = residentMiB(pid)
  restartPeak(pid)
  const sockets = []
  while (sockets.length < READERS) {
    const more = Array.from({ length: CONNECTING }, () => open(url, headers))
    sockets.push(...(await Promise.all(more)))
  }
  const round = randomUUID()
  const received = sockets.map((socket) => framesOf(socket, round))
  const before = { cpu: cpuSeconds(pid), time: performance.now() }
  for (let at = 0; at < EVENTS; at++) {
    const event = runEvent({ tenantId: 'bench', runId, state: 'writing', time: new Date() })
    await bus.publishEvent({ ...event, id: `${round}/${at}` })
  }
  await Promise.all(received)
  const seconds = (performance.now() - before.time) / 1000
  const frames = READERS * EVENTS
  const result = {
    name,
    readers: READERS,
    events: EVENTS,
    perSecond: frames / seconds,
    cpuMicros: ((cpuSeconds(pid) - before.cpu) / frames) * 1e6,
    aboveIdleMiB: peakMiB(pid) - idleMiB,
  }
  for (const socket of sockets) socket.terminate()
  return result
}

function open(url, headers) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Resolves when a reader has got every event of a round, in order. */
function framesOf(socket, round) {
  return new Promise((resolve, reject) => {
    let next = 0
    socket.on('close', (code, reason) =>
      reject(new Error(`a reader was closed after ${next} events: ${code} ${reason}`)),
    )
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data))
      if (!String(id).startsWith(round)) return
      if (id !== `${round}/${next}`) reject(new Error(`a reader got ${id} in place of event ${next}`))
      next += 1
      if (next === EVENTS) resolve()
    })
  })
}
