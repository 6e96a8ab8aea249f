export { createApp } from './app.ts'
export type { Caller, GatewayDeps, GatewayEnv, Log, TokenRules } from './deps.ts'
export { type OpenGateway, openGateway } from './open-gateway.ts'
export { settings as gatewaySettings } from './settings.ts'
