import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { psqlArguments } from './psql.mjs'

const run = promisify(execFile)

const pipeline = `set -o pipefail
psql "\${@:3}" | tee >(sha256sum > "$1.sha256") | zstd -3 -q -f -o "$1"
status=$?
wait
exit $status`

/** What people do without this project: psql, sha256sum and zstd -3 in a pipe. @returns seconds and the size of the file in bytes */
export async function runPeer({ ownerUrl, copy, dir }) {
  const file = join(dir, 'peer.zst')
  const started = performance.now()
  await run('bash', ['-c', pipeline, 'peer', file, '', ...psqlArguments(ownerUrl), '-c', copy])
  return { seconds: (performance.now() - started) / 1000, sizeBytes: (await stat(file)).size }
}
