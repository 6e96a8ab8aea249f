import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuSeconds, peakMiB, restartPeak } from '../download/resident.mjs'
import { load } from '../gateway/load.mjs'

const CONNECTIONS = 64
const ROUNDS = 3
/** Questions that are asked of a reader that has just started. */
const COLD_QUESTIONS = 500

const pathOf = (name) => `/advisories?package=${encodeURIComponent(`pkg:npm/${name}@1.2.3`)}`

/** Asks for packages, each once, one after the other. @returns milliseconds that half, and all but a hundredth, took at most; records an answer has */
export async function coldAnswers(url, names) {
  const times = []
  let records = 0
  for (const name of names.slice(0, COLD_QUESTIONS)) {
    const began = performance.now()
    const { items } = await (await fetch(`${url}${pathOf(name)}`)).json()
    times.push(performance.now() - began)
    records += items.length
  }
  times.sort((a, b) => a - b)
  const at = (part) => times[Math.floor(times.length * part)]
  return { p50Ms: at(0.5), p99Ms: at(0.99), records: records / times.length }
}

/** A server that answers what the reader answers about one package and does nothing for it. */
export async function startPeer(url, [name]) {
  const body = await (await fetch(`${url}${pathOf(name)}`)).text()
  const child = fork(fileURLToPath(new URL('bare-server.mjs', import.meta.url)), [body])
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    async stop() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** The servers in turn, round after round, asked for all packages over and over. */
export async function underLoad(servers, { names, seconds }) {
  const request = { name: 'GET /advisories?package=', method: 'GET', paths: names.map(pathOf), status: 200 }
  const results = servers.map(({ name }) => ({ name, rounds: [] }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, { name, url, pid }] of servers.entries()) {
      restartPeak(pid)
      const before = cpuSeconds(pid)
      const result = await load({ url, request, seconds, connections: CONNECTIONS })
      const cpuMicros = ((cpuSeconds(pid) - before) / result.answered) * 1e6
      results[at].rounds.push({ ...result, cpuMicros, peakMiB: peakMiB(pid) })
      console.log(`${name}: ${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms`)
    }
  }
  return results
}
