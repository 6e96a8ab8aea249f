/**
 * Transactions per second of one tenant, each writing one row and its audit entry, with the entry chained in three ways.
 *
 *   node bench/audit/main.mjs [--seconds 5] [--rounds 3] [--sessions 32]
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chainAudit, migrate, openDatabase, recordAudit, withTenant } from '@stella/db'
import { sql } from 'drizzle-orm'
import { machine } from '../machine.mjs'
import { withPostgres } from '../with-postgres.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    sessions: { type: 'string', default: '32' },
  },
})
const [seconds, rounds, sessions] = [values.seconds, values.rounds, values.sessions].map(Number)
const tenantId = 'bench'
const fact = {
  tenantId,
  actor: 'ann',
  roles: ['Export.Operator'],
  action: 'run.create',
  resource: '/export/runs/run_00000000-0000-0000-0000-000000000000',
  outcome: 'succeeded',
  code: null,
  requestId: 'req_00000000-0000-0000-0000-000000000000',
  omitted: 0,
}
/** What a transaction does beside its own row. */
const ways = {
  'no entry': async () => {},
  'chained in the transaction': async (tx) => {
    await recordAudit(tx, fact)
    await chainAudit(tx, 1)
  },
  'outbox, chained every 250 ms': (tx) => recordAudit(tx, fact),
}

await writeFile(new URL('RESULTS.md', import.meta.url), await withPostgres(bench))

async function bench({ ownerUrl }) {
  const owner = openDatabase(ownerUrl, { max: 1 })
  const database = openDatabase(await migrate(ownerUrl), { max: sessions + 1 })
  const [{ version }] = await owner.transaction({ settings: '' }, async (tx) => {
    await tx.execute(sql.raw('create table work (id bigint generated always as identity primary key, body text)'))
    await tx.execute(sql.raw('grant insert on work to stella_app'))
    return tx.execute(sql`select current_setting('server_version') as version`)
  })
  const figures = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [way, entry] of Object.entries(ways)) {
      const figure = await measure(database, entry)
      console.log(`${way}: ${Math.round(figure.perSecond)} transactions/s, p99 ${figure.p99Ms.toFixed(1)} ms`)
      figures[way].push(figure)
    }
  }
  const drain = await measureDrain(database)
  await database.close()
  await owner.close()
  return page(figures, drain, version)
}

/** All sessions at work for some seconds, beside one that chains as a worker does. */
async function measure(database, entry) {
  const until = performance.now() + seconds * 1000
  const latencies = []
  const work = async () => {
    while (performance.now() < until) {
      const began = performance.now()
      await withTenant(database, tenantId, async (tx) => {
        await tx.execute(sql`insert into work (body) values (${fact.resource})`)
        await entry(tx)
      })
      latencies.push(performance.now() - began)
    }
  }
  let working = true
  const chaining = (async () => {
    while (working) {
      while ((await chain(database)) > 0);
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  })()
  await Promise.all(Array.from({ length: sessions }, work))
  working = false
  await chaining
  latencies.sort((a, b) => a - b)
  return { perSecond: latencies.length / seconds, p99Ms: latencies[Math.floor(latencies.length * 0.99)] }
}

function chain(database) {
  return withTenant(database, tenantId, (tx) => chainAudit(tx, 1000))
}

/** Entries per second of the chaining alone. */
async function measureDrain(database) {
  const entries = 20_000
  await withTenant(database, tenantId, async (tx) => {
    for (let entry = 0; entry < entries; entry++) await recordAudit(tx, fact)
  })
  const began = performance.now()
  while ((await chain(database)) > 0);
  return (entries / (performance.now() - began)) * 1000
}

function page(figures, drain, version) {
  const measuredOn = `${machine()}, PostgreSQL ${version}`
  const middle = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
  const rows = Object.entries(figures).map(([way, rounds]) => {
    const perSecond = Math.round(middle(rounds.map((round) => round.perSecond))).toLocaleString('en')
    const p99 = middle(rounds.map((round) => round.p99Ms)).toFixed(1)
    return `| ${way.padEnd(28)} | ${perSecond.padEnd(14)} | ${p99.padEnd(7)} |`
  })
  return `# Audit entries

\`node bench/audit/main.mjs\` on ${measuredOn} on the same cores and a durable disk.

${sessions} sessions of one process, all of one tenant: each transaction inserts one row and its audit entry. Medians of ${rounds} rounds of ${seconds} s.

| entry                        | transactions/s | p99, ms |
| ---------------------------- | -------------- | ------- |
${rows.join('\n')}

Chaining alone, in batches of 1,000: ${Math.round(drain).toLocaleString('en')} entries/s.
`
}
