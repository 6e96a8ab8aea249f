import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Upstream's chain on rows that were mapped beforehand: its packages, `bbolt compact`, tar and gzip. */
export function runPeer({ peer, file, dir }) {
  const folder = join(dir, 'upstream')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const built = timed(peer, [file, folder])
  const database = join(folder, 'compacted.db')
  const compacted = timed('bbolt', ['compact', '-o', database, join(folder, 'trivy.db')])
  const packed = timed('tar', ['-czf', join(folder, 'db.tar.gz'), '-C', folder, 'compacted.db', 'metadata.json'])
  return { built, compacted, packed, seconds: built + compacted + packed, databaseBytes: statSync(database).size }
}

/** Plain bbolt that puts sorted keys into a new file, as its own compaction does. */
export function sortedKeys(database, dir) {
  const out = join(dir, 'sorted.db')
  rmSync(out, { force: true })
  return timed('bbolt', ['compact', '-o', out, database])
}

/** Writing the same bytes to the disk. */
export function limit(database, dir) {
  return timed('dd', [`if=${database}`, `of=${join(dir, 'copy.db')}`, 'bs=1M', 'conv=fsync', 'status=none'])
}

/** Seconds that a program takes. */
export function timed(program, args) {
  const started = performance.now()
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return (performance.now() - started) / 1000
}
