import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** node:http and a piped file stream with chunks of 1 MiB, in a process of its own. */
export async function startPipe(file) {
  const child = fork(fileURLToPath(new URL('pipe-server.mjs', import.meta.url)), [file])
  const [port] = await once(child, 'message')
  return { name: 'node:http', pid: child.pid, url: `http://127.0.0.1:${port}/`, stop: async () => void child.kill() }
}

/** nginx with one worker and sendfile; null where it is not installed. */
export async function startNginx(file) {
  const dir = await mkdtemp(join(tmpdir(), 'stella-nginx-'))
  await chmod(dir, 0o755)
  const port = await freePort()
  const config = join(dir, 'nginx.conf')
  await writeFile(config, configuration({ dir, port, file }))
  const child = spawn('nginx', ['-p', dir, '-e', join(dir, 'error.log'), '-c', config], { stdio: 'ignore' })
  const absent = await Promise.race([once(child, 'spawn').then(() => false), once(child, 'error').then(() => true)])
  const stop = async () => {
    child.kill()
    await rm(dir, { recursive: true, force: true })
  }
  if (absent) {
    console.warn('nginx is absent: its column stays empty; to have it: apt-get install nginx-light')
    await rm(dir, { recursive: true, force: true })
    return null
  }
  await answering(`http://127.0.0.1:${port}/none`)
  return { name: 'nginx', pid: child.pid, url: `http://127.0.0.1:${port}/`, stop }
}

function configuration({ dir, port, file }) {
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user} daemon off; master_process off; pid ${dir}/nginx.pid; events { worker_connections 64; }
http {
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server { listen 127.0.0.1:${port}; root ${dirname(file)}; location = / { try_files /${file.split('/').at(-1)} =404; } }
}
`
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answering(url) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await fetch(url).catch(() => null)) return
    await pause(25)
  }
  throw new Error('nginx does not answer')
}
