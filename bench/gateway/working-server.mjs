/**
 * A server that reads the same row, and makes the same insert and the same publication, as the gateway: without tokens, tenants,
 * audit, limits or checks, in single statements. Sends its port to its parent.
 */
import { randomUUID } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { connect } from 'nats'
import postgres from 'postgres'

const { create, database, natsUrl } = JSON.parse(process.argv[2])
const CONNECTIONS = 10
const sql = postgres({ ...database, max: CONNECTIONS })
const { username, password, host } = new URL(natsUrl)
const nats = await connect({ servers: host, ...(username && { user: username, pass: password }) })
const jetstream = nats.jetstream()
const manager = await nats.jetstreamManager()
await manager.streams.add({ name: 'BENCH', subjects: ['bench.>'] })
const json = { 'content-type': 'application/json' }

const app = new Hono()
  .get('/export/runs/:id', async (c) => {
    const [row] = await sql`select * from bench_runs where tenant_id = 'bench' and id = ${c.req.param('id')}`
    return c.body(JSON.stringify(row), 200, json)
  })
  .post('/export/runs', async (c) => {
    const { profile_id: profileId, filters } = await c.req.json()
    const id = `run_${randomUUID()}`
    const profile = JSON.stringify({ id: profileId, name: 'bench', kind: 'json', variant: 'raw', revision: 1 })
    await sql`insert into bench_runs (tenant_id, id, profile_id, profile_revision, profile, filters, trigger, plan_id, created_by)
      values ('bench', ${id}, ${profileId}, 1, ${profile}::text::json, ${JSON.stringify(filters)}::text::json, 'manual', ${`plan_${id}`}, 'bench')`
    await jetstream.publish('bench.plan', create, { msgID: `${id}/plan` })
    return c.body(create, 202, json)
  })
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send(port))
