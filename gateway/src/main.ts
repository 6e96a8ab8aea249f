import type { AddressInfo } from 'node:net'

import { serveMetrics } from '@stella/adapters'
import { IDLE_CONNECTION_MS, readSettings } from '@stella/contracts'
import { pino } from 'pino'

import { nodeServer } from './node-server.ts'
import { NodeUpgrades } from './node-upgrades.ts'
import { openGateway } from './open-gateway.ts'
import { settings as contract } from './settings.ts'

const settings = readSettings(contract, 'gateway', process.env)
const logger = pino({ base: { process: 'gateway' }, messageKey: 'message' }, pino.destination(2))
const log = (entry: object) => logger.warn(entry)
const upgrades = new NodeUpgrades()
const { app, metrics, close } = await openGateway(settings, {
  log,
  logRequest: (entry) => logger.info(entry),
  upgrade: upgrades.upgrade,
})

if (settings.STELLA_METRICS_PORT !== undefined) {
  const address = { host: settings.STELLA_METRICS_HOST, port: settings.STELLA_METRICS_PORT }
  logger.info({ message: 'metrics', url: (await serveMetrics(metrics, address)).url })
}

const server = nodeServer(app.fetch, { hostname: settings.STELLA_HOST, log })
server.listen(settings.STELLA_PORT, settings.STELLA_HOST, () => {
  const { address, port } = server.address() as AddressInfo
  const url = `http://${address}:${port}`
  logger.info({ message: 'listening', url })
  process.send?.({ type: 'ready', url })
})
const stopPings = upgrades.attach(server, app.fetch, log)
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
