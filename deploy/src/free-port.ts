import { createServer } from 'node:net'
import { Problem } from '@stella/contracts'

/** @throws `resource/conflict` when another program listens on the loopback port */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer()
  const failure = await new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve).listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)))
  })
  if (!failure) return
  throw new Problem(
    'resource/conflict',
    `Could not start: port ${port} of 127.0.0.1 cannot be used (${failure.message}).\nStop what listens there, or set STELLA_PORT to another port.`,
    { cause: failure },
  )
}
