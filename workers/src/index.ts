export type { Log, Mapping, WorkerDeps } from './deps.ts'
export { startWorker } from './worker.ts'
