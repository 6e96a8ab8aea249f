import { loadavg } from 'node:os'
import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const titles = ['server', 'GB/s', 'slowest', 'fastest', 'gateway is', 'CPU s/GB']

/** The results as a page. */
export function report({ sizeBytes, rounds, servers, idleMiB, aboveIdleMiB }) {
  const ours = median(servers[0].times)
  return `# Downloads through the gateway

\`node bench/download/main.mjs\` on ${machine()}; load average before the end ${loadavg()[0].toFixed(1)}.

${sizeBytes / 2 ** 20} MiB over the loopback address to a client that keeps nothing, on the same cores, cache warm: medians of ${rounds} rounds, servers in turn. The
gateway authorizes, reads the run's row and verifies every block that it sends. node:http pipes \`createReadStream\` with chunks of 1 MiB and
verifies nothing; nginx has one worker and sendfile.

${resultsTable([titles, ...servers.map((server) => cells(server, ours, sizeBytes))])}

Memory of the gateway: ${Math.round(idleMiB)} MiB idle, at its peak ${Math.round(aboveIdleMiB)} MiB more.
`
}

function cells({ name, times, cpu }, ours, sizeBytes) {
  const speed = (seconds) => (sizeBytes / seconds / 1e9).toFixed(2)
  return [
    name,
    speed(median(times)),
    speed(Math.max(...times)),
    speed(Math.min(...times)),
    (median(times) / ours).toFixed(2),
    ((median(cpu) / sizeBytes) * 1e9).toFixed(2),
  ]
}
