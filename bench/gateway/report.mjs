import { loadavg } from 'node:os'
import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

/** The results as a page. */
export function report({ measured, steady, readers, idleMiB, loadMiB, rounds, seconds, connections }) {
  return `# Requests through the gateway

\`node bench/gateway/main.mjs\` on ${machine()}; load average before the end ${loadavg()[0].toFixed(1)}. Load, servers, Postgres and NATS share
the cores.

${connections} connections, ${rounds} rounds of ${seconds} s, servers in turn: medians. The gateway verifies the token, takes from quotas, which are raised out of the way,
keeps tenants apart and writes the audit log.
Each connection reads a run of its own, all of one tenant. The bare server answers the same bytes and does nothing; the last one selects the run's row
alone, or makes the same insert and publication, in single statements. No worker runs: accepted runs stay in the queue.

${measured.map(({ request, results }) => section(request, results)).join('\n\n')}

\`POST /export/runs\` at a steady rate: ${Math.round(steady.perSecond)}/s answered, p50 ${steady.p50Ms} ms, p99 ${steady.p99Ms} ms.

Memory of the gateway: ${Math.round(idleMiB)} MiB idle, at its peak under this load ${Math.round(loadMiB)} MiB more.

## Readers of updates

${readers[0].readers} readers of one run, all in the process that measures, which parses every frame and may be what limits both;
${readers[0].events} events published one after the other. The bare server hands on what it gets.

${resultsTable([
  ['server', 'frames/s', 'gateway is', 'CPU µs/frame', 'peak RSS over idle, MiB'],
  ...readers.map(({ name, perSecond, cpuMicros, aboveIdleMiB }) => [
    name,
    Math.round(perSecond),
    (readers[0].perSecond / perSecond).toFixed(2),
    cpuMicros.toFixed(1),
    Math.round(aboveIdleMiB),
  ]),
])}
`
}

function section(request, results) {
  const of = (result, member) => median(result.rounds.map((round) => round[member]))
  const ours = of(results[0], 'perSecond')
  return `## ${request.name}

${resultsTable([
  ['server', 'requests/s', 'gateway is', 'p50 ms', 'p99 ms', 'CPU µs/request'],
  ...results.map((result) => [
    result.name,
    Math.round(of(result, 'perSecond')),
    (ours / of(result, 'perSecond')).toFixed(2),
    of(result, 'p50Ms'),
    of(result, 'p99Ms'),
    Math.round(of(result, 'cpuMicros')),
  ]),
])}`
}
