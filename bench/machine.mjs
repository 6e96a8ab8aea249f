import { availableParallelism, cpus, totalmem } from 'node:os'

/** What results were measured on. */
export function machine() {
  return `${availableParallelism()} cores (${cpus()[0].model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
}
