import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const SECONDS = 5
const script = fileURLToPath(new URL('sqlite_peer.py', import.meta.url))

/** The same advisories in a table with an index, asked by the library in its own process, without a server: queries a second, and bytes. */
export async function sqlitePeer(path, { count, textAt, names }) {
  const child = spawn('python3', [script, path, String(SECONDS)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const printed = text(child.stdout)
  const write = async (line) => child.stdin.write(`${line}\n`) || once(child.stdin, 'drain')
  await write(JSON.stringify(names))
  for (let index = 0; index < count; index++) await write(textAt(index))
  child.stdin.end()
  return JSON.parse(await printed)
}
