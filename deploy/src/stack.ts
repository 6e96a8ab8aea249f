import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Problem } from '@stella/contracts'
import { migrate } from '@stella/db'
import { openDevIssuer, type TokenClaims } from './dev-issuer.ts'
import { startNats } from './embedded/nats.ts'
import { poll } from './embedded/poll.ts'
import { startPostgres } from './embedded/postgres.ts'
import { requireFreePort } from './free-port.ts'
import { lockHome } from './home-lock.ts'
import { startService } from './service.ts'
import { ensureSigningKey, localUrl } from './signing-key.ts'
import { type Supervised, supervise } from './supervise.ts'

const READY_MS = 60_000

/** What `startStack` needs to know. */
export interface StackOptions {
  /** Folder of everything the stack keeps; one stack at a time. */
  readonly home: string
  /** Port of the gateway on 127.0.0.1; 0: a free one. */
  readonly port?: number
  /** Environment of the services. DATABASE_URL (of a role that may migrate), NATS_URL and BLOB_URL replace embedded parts. */
  readonly env: NodeJS.ProcessEnv
  /** Number of worker processes, 1 unless given. */
  readonly workers?: number
  /** False for tests: quicker commits that a crash of the machine may lose. */
  readonly durable?: boolean
  /** One line about each restart. */
  readonly log?: (line: string) => void
}

/** A whole Export Center on this machine. */
export interface Stack {
  /** The gateway, `http://127.0.0.1:port`: the same after a restart. */
  readonly url: string
  /** The database as its owner, and as the role that row level security binds. Both hold passwords. */
  readonly databaseOwnerUrl: string
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly blobUrl: string
  /** Folder of `issuer.json` and `signing-key.pem`. */
  readonly devDir: string
  /** The processes, to be killed by tests; the first two are absent where a variable replaces them. */
  readonly processes: {
    readonly postgres?: Supervised
    readonly nats?: Supervised
    readonly gateway: Supervised
    readonly workers: readonly Supervised[]
  }
  /** A bearer token of the development issuer. */
  token(claims: TokenClaims): Promise<string>
  /** Resolves when the gateway says that it and what it needs are ready. @throws `config/invalid` after a minute */
  ready(): Promise<void>
  /** Stops everything, in order. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts what `env` does not replace, migrates the database, starts gateway and workers, and waits until they are ready.
 * Processes that end by themselves are started again. Nothing survives the end of this process, even by kill -9.
 *
 * @throws `resource/conflict` when the folder is in use; `config/invalid` when a part does not start, with the end of its log
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const parts = new Parts(await lockHome(options.home))
  try {
    return await assemble(options, parts)
  } catch (error) {
    await parts.stop()
    throw error
  }
}

/** What was started, to be stopped in reverse. */
class Parts {
  #stops: (() => Promise<void>)[]
  #stopped: Promise<void> | undefined

  constructor(unlock: () => Promise<void>) {
    this.#stops = [unlock]
  }

  async add<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
    const part = await starting
    this.#stops.push(() => part.stop())
    return part
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const stop of this.#stops.reverse()) await stop()
    })()
    return this.#stopped
  }
}

async function assemble(options: StackOptions, parts: Parts): Promise<Stack> {
  const home = await realpath(options.home)
  const logs = join(home, 'logs')
  const devDir = join(home, 'dev')
  await mkdir(logs, { recursive: true, mode: 0o700 })
  const log = options.log ?? (() => undefined)
  if (options.port) await requireFreePort(options.port)
  const servers = await startServers({ ...options, home, log }, parts)
  const issuer = await parts.add(openDevIssuer(devDir))
  const databaseUrl = await migrate(servers.databaseOwnerUrl)
  const blobUrl = options.env.BLOB_URL || pathToFileURL(join(home, 'blobs')).href

  const env = {
    ...options.env,
    NODE_ENV: 'development',
    DATABASE_URL: databaseUrl,
    NATS_URL: servers.natsUrl,
    BLOB_URL: blobUrl,
    KMS_URL: await ensureSigningKey(devDir),
    // Keys that people put there, for development: <tenant>/<name>.key.
    ENCRYPTION_KMS_URL: options.env.ENCRYPTION_KMS_URL || localUrl(join(devDir, 'encryption-keys')),
    OIDC_ISSUER: issuer.issuer,
    OIDC_AUDIENCE: issuer.audience,
    OIDC_JWKS_URL: issuer.jwksUrl,
  }
  const services = await startServices(
    { env, logs, log, port: options.port ?? 0, workers: options.workers ?? 1 },
    parts,
  )
  const stack: Stack = {
    url: services.url,
    databaseOwnerUrl: servers.databaseOwnerUrl,
    databaseUrl,
    natsUrl: servers.natsUrl,
    blobUrl,
    devDir,
    processes: { ...servers.processes, ...services.processes },
    token: (claims) => issuer.token(claims),
    ready: () => awaitReady(services.url),
    stop: () => parts.stop(),
  }
  await stack.ready()
  return stack
}

type ServerOptions = Pick<StackOptions, 'home' | 'env' | 'durable'> & { log: (line: string) => void }

async function startServers({ home, env, durable, log }: ServerOptions, parts: Parts) {
  let natsPort: number | undefined
  let [databaseOwnerUrl, natsUrl] = [env.DATABASE_URL, env.NATS_URL]
  const logFile = (name: string) => join(home, 'logs', `${name}.log`)

  const startDatabase = async () => {
    const postgres = await startPostgres({
      dataDir: join(home, 'postgres'),
      logFile: logFile('postgres'),
      durable: durable ?? true,
    })
    databaseOwnerUrl = postgres.ownerUrl
    return postgres
  }
  const startBus = async () => {
    const at = natsPort === undefined ? {} : { port: natsPort }
    const nats = await startNats({ dataDir: join(home, 'nats'), logFile: logFile('nats'), ...at })
    natsPort = nats.port
    natsUrl = nats.url
    return nats
  }
  const [postgres, nats] = await bothOrNeither(
    databaseOwnerUrl ? undefined : parts.add(supervise('postgres', startDatabase, log)),
    natsUrl ? undefined : parts.add(supervise('nats', startBus, log)),
  )
  const processes = { ...(postgres ? { postgres } : {}), ...(nats ? { nats } : {}) }
  return { databaseOwnerUrl: databaseOwnerUrl ?? '', natsUrl: natsUrl ?? '', processes }
}

/** Waits for both, so that when one fails the other is known, and can be stopped. */
async function bothOrNeither<A, B>(a: Promise<A> | undefined, b: Promise<B> | undefined) {
  await Promise.allSettled([a, b])
  return [await a, await b] as const
}

interface ServicesOptions {
  readonly env: NodeJS.ProcessEnv
  readonly logs: string
  readonly log: (line: string) => void
  readonly port: number
  readonly workers: number
}

async function startServices({ env, logs, log, port, workers }: ServicesOptions, parts: Parts) {
  let url: string | undefined
  const startGateway = async () => {
    // A restarted gateway takes the port that it had, so that its address stays.
    const gatewayPort = url ? new URL(url).port : String(port)
    const service = await startService({
      name: 'gateway',
      env: { ...env, STELLA_PORT: gatewayPort },
      logFile: join(logs, 'gateway.log'),
    })
    url = service.url
    return service
  }
  const gateway = await parts.add(supervise('gateway', startGateway, log))
  const logFile = (name: string) => join(logs, `${name}.log`)
  const crew = await Promise.all(
    Array.from({ length: workers }, (_, index) => `worker-${index + 1}`).map((name) =>
      parts.add(supervise(name, () => startService({ name: 'workers', env, logFile: logFile(name) }), log)),
    ),
  )
  return { url: url ?? '', processes: { gateway, workers: crew } }
}

async function awaitReady(url: string): Promise<void> {
  let last = 'no answer'
  const ready = await poll(READY_MS, async () => {
    const response = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (response) last = `${response.status} ${await response.text()}`
    return response?.ok ? true : undefined
  })
  if (ready) return
  throw new Problem('config/invalid', `Could not start: the gateway at ${url} is not ready after a minute.\n${last}`)
}
