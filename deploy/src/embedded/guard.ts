// Stands between a server and its starter where `setpriv` is absent: when the starter dies, the channel closes and the guard
// stops the server. Arguments: signal, program, its arguments. Sends { pid }; ends as the server ends. SIGQUIT kills the server.
import { spawn } from 'node:child_process'

const [deathSignal, program, ...args] = process.argv.slice(2)
const child = spawn(program ?? '', args, { stdio: ['ignore', 'inherit', 'inherit'] })

child.on('spawn', () => process.send?.({ pid: child.pid }))
child.on('error', () => process.exit(127))
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})

process.on('disconnect', () => child.kill(deathSignal as NodeJS.Signals))
process.on('SIGQUIT', () => child.kill('SIGKILL'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
