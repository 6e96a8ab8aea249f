// Runs every scenario under bench/, or those named: node bench/main.mjs [scenario …]. Each writes RESULTS.md beside its script.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const scenarios = readdirSync(here).filter((name) => existsSync(join(here, name, 'main.mjs')))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !scenarios.includes(name))
if (unknown.length > 0) {
  console.error(`there is no scenario ${unknown.join(', ')}: choose from ${scenarios.join(', ')}`)
  process.exit(2)
}
for (const name of wanted.length > 0 ? wanted : scenarios.sort()) {
  const { status } = spawnSync(process.execPath, [join(here, name, 'main.mjs')], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
