import type { Blobs, Bus, Kms, Metrics, WrappingKms } from '@stella/adapters'
import type { AuditAction, EndpointName, RunLimits } from '@stella/contracts'
import type { Transaction } from '@stella/db'
import type { JWTVerifyGetKey } from 'jose'
import type { OpenStreams } from './ledger/open-streams.ts'
import type { RateSettings } from './limits/rate-limit.ts'
import type { Taken, TokenLeases } from './limits/token-leases.ts'
import type { Upgrade } from './updates/peer.ts'
import type { UpdatesHub } from './updates/updates-hub.ts'

/** Who asks: the tenant, the subject and the roles of a verified token. */
export interface Caller {
  readonly tenantId: string
  readonly subject: string
  readonly roles: readonly string[]
  /** When the token ends, in milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** How tokens are checked. */
export interface TokenRules {
  readonly issuer: string
  readonly audience: string
  readonly keys: JWTVerifyGetKey
}

/** One line of the log: never a secret, never a body. */
export type Log = (entry: { readonly message: string; readonly [field: string]: unknown }) => void

/** Work of one tenant. */
type InTenant = <T>(tenantId: string, work: (tx: Transaction) => Promise<T>) => Promise<T>

/** Everything that the routes use; each takes a part of it. */
export interface GatewayDeps {
  readonly tokens: TokenRules
  readonly blobs: Pick<Blobs, 'presign' | 'putStream' | 'read' | 'readBytes' | 'remove'>
  readonly bus: Pick<Bus, 'publishJob'>
  readonly kms: Pick<Kms, 'publicKeys'>
  /** The KMS whose keys encrypt mirrors; null where the installation has none. */
  readonly wrappingKms: Pick<WrappingKms, 'fault'> | null
  /** Runs work in a transaction that sees one tenant only. */
  readonly inTenant: InTenant
  /** The same for work that reads alone. */
  readonly readTenant: InTenant
  /** What streams of the ledger are open in this process. */
  readonly openStreams: OpenStreams
  /** Rejects while a part that requests need is away. */
  readonly ready: () => Promise<void>
  readonly runLimits: RunLimits
  readonly rates: RateSettings
  readonly leases: Pick<TokenLeases, 'take'>
  readonly updates: Pick<UpdatesHub, 'admit'>
  readonly upgrade: Upgrade
  /** Origins, beside its own, whose pages may open a stream of updates: `https://console.example.org`. */
  readonly allowedOrigins: readonly string[]
  readonly newId: (prefix: 'run' | 'plan' | 'ing' | 'req' | 'ver') => string
  readonly now: () => Date
  readonly log: Log
  /** As `log`, for the line of each request. */
  readonly logRequest: Log
  readonly metrics: Pick<Metrics, 'requestAnswered' | 'distributed' | 'verifyFailed'>
}

/** What the middleware leaves for a route: who asks, the names of request and endpoint, and that of its entry in the audit log. */
export type GatewayEnv = {
  Variables: {
    caller: Caller
    requestId: string
    route?: EndpointName
    auditAction: AuditAction | undefined
    quotas?: readonly Taken[]
  }
}
