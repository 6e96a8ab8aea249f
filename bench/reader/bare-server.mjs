/** A server that answers the same bytes as the reader and does nothing for them. Sends its port to its parent. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const body = process.argv[2]
const app = new Hono().get('/advisories', (c) => c.body(body, 200, { 'content-type': 'application/json' }))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send(port))
