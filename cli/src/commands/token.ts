import { DEVELOPMENT_TOKEN_SECONDS, roles, tenantId } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { type Command, Option } from 'commander'

import { findDevelopmentIssuer, signDevelopmentToken } from '../development-token.ts'
import { print } from '../output.ts'
import type { Shell } from '../shell.ts'

interface Options {
  readonly tenant: string
  readonly role: string
  readonly ttl: string
}

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 }

/** `stella token` */
export function tokenCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('token')
    .description('sign a token of the development issuer that `npm run dev` starts')
    .option('--tenant <id>', 'tenant that it speaks for', 'default')
    .addOption(new Option('--role <role>', 'what it may do').choices([...roles]).default('Export.Admin'))
    .option('--ttl <time>', 'how long it lives, such as 90m or 8h', '8h')
  command.action(async ({ tenant, role, ttl }: Options) => {
    if (!tenantId.safeParse(tenant).success) {
      throw new CommandFailure(
        'usage',
        `the token cannot be signed: ${tenant} is no tenant`,
        'a tenant is 1 to 63 of a-z, 0-9 and -',
      )
    }
    const seconds = lifeSeconds(ttl)
    const issuer = await findDevelopmentIssuer(shell.settings)
    const token = await signDevelopmentToken(issuer, { tenant, role, seconds })
    print(shell, command, { json: { token }, lines: [token] })
  })
}

function lifeSeconds(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smh]?)$/.exec(text) ?? []
  const seconds = Number(amount) * (SECONDS_OF_UNIT[unit] ?? 0)
  if (seconds > 0 && seconds <= DEVELOPMENT_TOKEN_SECONDS) return seconds
  throw new CommandFailure(
    'usage',
    `--ttl ${text} cannot be used: it is no time of at most 24h`,
    'give one like 90m or 8h',
  )
}
