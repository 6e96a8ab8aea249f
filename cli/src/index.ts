export { runStella } from './program.ts'
export { readSettings, type Settings } from './settings.ts'
export type { Shell } from './shell.ts'
