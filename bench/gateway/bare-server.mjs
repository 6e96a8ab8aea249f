/** A server that answers the same bytes as the gateway and does nothing for them. Sends its port to its parent. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const { read, create } = JSON.parse(process.argv[2])
const json = { 'content-type': 'application/json' }
const app = new Hono()
  .get('/export/runs/:id', (c) => c.body(read, 200, json))
  .post('/export/runs', async (c) => {
    await c.req.json()
    return c.body(create, 202, json)
  })
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send(port))
