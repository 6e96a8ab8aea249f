/** The straightforward server: a file stream piped into the response. Sends its port to its parent. */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'

const [file] = process.argv.slice(2)
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-length': statSync(file).size })
  createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response)
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
