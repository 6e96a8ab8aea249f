import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { serve } from '@hono/node-server'
import { serveMetrics } from '@stella/adapters'
import {
  HEADERS_CHECK_MS,
  HEADERS_MS,
  IDLE_CONNECTION_MS,
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  readSettings,
} from '@stella/contracts'
import { pino } from 'pino'

import { answerUnreadable } from './answer-unreadable.ts'
import { NodeUpgrades } from './node-upgrades.ts'
import { openGateway } from './open-gateway.ts'
import { settings as contract } from './settings.ts'

const settings = readSettings(contract, 'gateway', process.env)
const logger = pino({ base: { process: 'gateway' }, messageKey: 'message' }, pino.destination(2))
const upgrades = new NodeUpgrades()
const { app, metrics, close } = await openGateway(settings, {
  log: (entry) => logger.warn(entry),
  logRequest: (entry) => logger.info(entry),
  upgrade: upgrades.upgrade,
})

if (settings.STELLA_METRICS_PORT !== undefined) {
  const address = { host: settings.STELLA_METRICS_HOST, port: settings.STELLA_METRICS_PORT }
  logger.info({ message: 'metrics', url: (await serveMetrics(metrics, address)).url })
}

const server = serve(
  {
    fetch: app.fetch, // An upload may take hours; what does not move is closed below.
    serverOptions: {
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    hostname: settings.STELLA_HOST,
    port: settings.STELLA_PORT,
  },
  ({ address, port }: AddressInfo) => {
    const url = `http://${address}:${port}`
    logger.info({ message: 'listening', url })
    process.send?.({ type: 'ready', url })
  },
)

server.on('clientError', (error, socket) => void answerUnreadable(error, socket, (entry) => logger.warn(entry)))
const stopPings = upgrades.attach(server as Server, app.fetch)
server.on('connection', (socket) => socket.setTimeout(IDLE_CONNECTION_MS, () => socket.destroy()))

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  stopPings()
  server.close()
  await close()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, stop)
