export {
  type BlobDigest,
  type BlobEntry,
  type Blobs,
  type BlobToPresign,
  type BlobToRead,
  type FileToPut,
  MAX_LISTED_BLOBS,
  type Scratch,
  type StreamToPut,
} from './blobs/blobs.ts'
export { openBlobs } from './blobs/open-blobs.ts'
export {
  type Bus,
  type BusLimits,
  type BusLogEntry,
  busLimits,
  type Delivery,
  type EventExtent,
  type EventRange,
  type EventWatch,
  type JobBacklog,
  type JobConsumer,
  type StoredEvent,
} from './bus/bus.ts'
export { connectBus } from './bus/connect-bus.ts'
export type { BusOptions } from './bus/jetstream-bus.ts'
export type { Kms, Signature } from './kms/kms.ts'
export { openKms } from './kms/open-kms.ts'
export { openWrappingKms } from './kms/open-wrapping-kms.ts'
export type { WrappingKms } from './kms/wrapping-kms.ts'
export { type AnsweredRequest, Metrics, type QueueDepth, type SealedRun } from './metrics/metrics.ts'
export { type MetricsListener, serveMetrics } from './metrics/serve-metrics.ts'
