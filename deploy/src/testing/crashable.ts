import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const starts = { postgres: ['postgres.js', 'startPostgres'], nats: ['nats.js', 'startNats'] } as const

/** Starts a server from a process of its own, which `kill` ends by kill -9. */
export async function crashable(server: 'postgres' | 'nats', dataDir: string) {
  const [file, start] = starts[server]
  const module = new URL(`../../dist/embedded/${file}`, import.meta.url).href
  const script = `const { ${start} } = await import(${JSON.stringify(module)})
    const server = await ${start}({ dataDir: ${JSON.stringify(dataDir)} })
    process.send(server.pid)
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [serverPid] = (await once(child, 'message')) as [number]
  return { serverPid, kill: () => child.kill('SIGKILL') }
}
