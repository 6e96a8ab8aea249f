/** Sends one GET over a plain socket, reads the answer into one buffer over and over, and prints seconds from request to last byte. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'

const { url, headers, hashed, sizeBytes } = JSON.parse(process.argv[2])
const { hostname, port, pathname } = new URL(url)
const hash = hashed ? createHash('sha256') : null
let received = -1
let head = ''
let started = 0

const socket = connect({
  host: hostname,
  port: Number(port),
  onread: { buffer: Buffer.allocUnsafe(2 ** 20), callback: (length, buffer) => take(buffer.subarray(0, length)) },
})
socket.on('connect', () => {
  started = performance.now()
  const lines = Object.entries({ host: `${hostname}:${port}`, connection: 'close', ...headers })
  socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
})
socket.on('close', () => {
  if (received !== sizeBytes) throw new Error(`${received} of ${sizeBytes} bytes came: ${head.split('\r\n')[0]}`)
})

function take(bytes) {
  let body = bytes
  if (received < 0) {
    const end = bytes.indexOf('\r\n\r\n')
    head += bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
    if (end < 0) return true
    received = 0
    body = bytes.subarray(end + 4)
  }
  hash?.update(body)
  received += body.length
  if (received === sizeBytes) {
    const seconds = (performance.now() - started) / 1000
    process.stdout.write(JSON.stringify({ seconds, sha256: hash?.digest('hex') ?? null }))
    socket.destroy()
  }
  return true
}
