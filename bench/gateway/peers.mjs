import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseDatabaseUrl } from '@stella/core'
import postgres from 'postgres'

/** The bare servers, each in a process of its own, and the one that broadcasts; `stop` ends them. */
export async function startPeers(stack, [read, create]) {
  const owner = postgres({ ...addressOf(stack.databaseOwnerUrl), max: 1 })
  // The same columns and indices, without policies, and with the run that is read.
  await owner`create table bench_runs (like export_runs including all)`
  await owner`insert into bench_runs select * from export_runs`
  await owner`grant select, insert on bench_runs to stella_app`
  await owner.end()

  const answers = { read: read.answer, create: create.answer }
  const started = []
  const start = async (script, words) => {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), words)
    started.push(child)
    const [port] = await once(child, 'message')
    return { url: `http://127.0.0.1:${port}`, pid: child.pid, child }
  }
  const bare = await start('bare-server.mjs', [JSON.stringify(answers)])
  const working = await start('working-server.mjs', [
    JSON.stringify({ ...answers, database: addressOf(stack.databaseUrl), natsUrl: stack.natsUrl }),
  ])
  const broadcaster = await start('broadcast-server.mjs', [stack.natsUrl])
  return {
    servers: [
      { name: 'bare Hono', ...bare },
      { name: 'Hono, database and bus', ...working },
    ],
    broadcaster,
    async stop() {
      for (const child of started) child.kill()
    },
  }
}

/** What the driver is told of a database: its own reading of URLs knows no socket. */
function addressOf(url) {
  const { host, port, user, password, database } = parseDatabaseUrl(url)
  return { host, port, user, password, database }
}
