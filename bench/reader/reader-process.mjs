import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { peakMiB, residentMiB } from '../download/resident.mjs'

const READER = fileURLToPath(new URL('../../reader/bin/stella-reader.js', import.meta.url))
const POLL_MS = 20

/** Imports a mirror in a process of its own. @returns seconds, the peak of its resident memory in MiB, and bytes on the disk */
export async function timedImport(root, { bundle, key }) {
  const began = performance.now()
  const child = spawn(process.execPath, [READER, '--root', root, 'import', bundle, '--key', key], { stdio: 'inherit' })
  let peak = 0
  const timer = setInterval(() => {
    // Of a process that has ended there is nothing to read.
    if (child.exitCode === null) peak = Math.max(peak, peakMiB(child.pid) || 0)
  }, POLL_MS)
  const [code] = await once(child, 'exit')
  clearInterval(timer)
  if (code !== 0) throw new Error(`the import exited with ${code}`)
  const seconds = (performance.now() - began) / 1000
  const [bytes] = execFileSync('du', ['-sb', root], { encoding: 'utf8' }).split('\t')
  return { seconds, peakMiB: peak, unpackedBytes: Number(bytes) }
}

/** Starts a reader. @returns its address and process, the seconds until it answered the first question, and its memory then in MiB */
export async function startReader(root, { isCold }) {
  const wasDropped = isCold && dropCaches()
  const began = performance.now()
  const child = spawn(process.execPath, [READER, '--root', root, 'serve', '--port', '0'])
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(async () => Promise.reject(new Error(await text(child.stderr)))),
  ])
  const { listening: url } = JSON.parse(line)
  const response = await fetch(`${url}/advisories?package=pkg:npm/package-1@1.0.0`)
  await response.text()
  if (!response.ok) throw new Error(`the reader answers ${response.status}`)
  const startSeconds = (performance.now() - began) / 1000
  return {
    url,
    pid: child.pid,
    startSeconds,
    wasDropped,
    startMiB: residentMiB(child.pid),
    async stop() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** Makes the system forget the files that it has read (proc(5): drop_caches). @returns false where this user may not */
function dropCaches() {
  try {
    execFileSync('sync')
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}
