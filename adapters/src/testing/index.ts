export { type Fault, FaultProxy, type FaultScript, type ProxiedRequest } from './fault-proxy.ts'
export { KmsProcess, lacksKms } from './kms-process.ts'
export { lacksObjectStore, ObjectStoreProcess } from './object-store.ts'
