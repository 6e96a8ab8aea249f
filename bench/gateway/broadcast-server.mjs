/** A WebSocket server that hands every event of the bus to every reader, and looks at nothing. Sends its port to its parent. */
import { createServer } from 'node:http'
import { connect } from 'nats'
import { WebSocketServer } from 'ws'

const { username, password, host } = new URL(process.argv[2])
const nats = await connect({ servers: host, ...(username && { user: username, pass: password }) })
const server = createServer()
const sockets = new WebSocketServer({ server })
nats.subscribe('export.events.>', {
  callback: (_, message) => {
    const frame = Buffer.from(message.data)
    for (const socket of sockets.clients) socket.send(frame, { binary: false })
  },
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
