export { createApp } from './app.ts'
export type { Caller, GatewayDeps, GatewayEnv, Log, TokenRules } from './deps.ts'
