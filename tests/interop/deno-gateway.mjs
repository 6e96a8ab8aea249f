// The API under Deno: the compiled app behind Deno.serve, with the settings of a gateway on Node. Prints its address.
import process from 'node:process'

import { readSettings } from '@stella/contracts'
import { gatewaySettings, openGateway } from '@stella/gateway'

const settings = readSettings(gatewaySettings, 'gateway', process.env)
const { app } = await openGateway(settings, {
  log: (entry) => console.error(JSON.stringify(entry)),
  logRequest: () => {},
  // A WebSocket is the one thing that web standards do not give: only Node's are built.
  upgrade: () => new Response(null, { status: 501 }),
})
Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`) },
  app.fetch,
)
