import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { PublicKey } from '@stella/contracts'
import { CommandFailure, readPublicKey } from '@stella/core'

import type { ApiClient } from './api-client.ts'
import { readKeyFile } from './key-file.ts'
import { say } from './output.ts'
import type { Settings } from './settings.ts'
import type { Shell } from './shell.ts'
import { writeWhole } from './write-whole.ts'

const SUFFIX = '.pem'

/**
 * Trusts the keys of a server on first use: writes them under `trusted-keys/`, a folder a server. Where keys of this server are
 * pinned already, nothing is written; a key that is not among them is told, and a server that offers none of them loudly.
 * A failure to pin is told and no more, since it takes nothing from what was downloaded.
 */
export async function pinOfferedKeys(api: Pick<ApiClient, 'listKeys'>, shell: Shell): Promise<void> {
  try {
    const offered = (await api.listKeys()).map(checkedKey)
    const folder = folderOf(shell.settings)
    const pinned = new Set((await keyFiles(folder)).map((name) => name.slice(0, -SUFFIX.length)))
    if (pinned.size === 0) await pin(shell, folder, offered)
    else
      warnOfOthers(
        shell,
        folder,
        offered.filter(({ id }) => !pinned.has(id)),
        offered.length,
      )
  } catch (error) {
    if (shell.signal.aborted) throw error
    const reason = error instanceof Error ? error.message : String(error)
    say(shell, `stella: no key was pinned: ${reason}`, '  give the keys to `stella export verify` by --key')
  }
}

/** Every key that is pinned, of any server. @throws CommandFailure `failed`, naming the file, where one cannot be used */
export async function readPinnedKeys(settings: Pick<Settings, 'configDir'>): Promise<PublicKey[]> {
  const root = rootOf(settings)
  const keys: PublicKey[] = []
  for (const server of await entries(root)) {
    for (const name of await keyFiles(join(root, server))) {
      keys.push(await readPin(join(root, server, name)))
    }
  }
  return keys
}

async function readPin(path: string): Promise<PublicKey> {
  try {
    return await readKeyFile(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const advice = `remove ${path}, then pin the key again by \`stella export run download\`, or give one by --key`
    throw new CommandFailure('failed', `the pinned keys cannot be used: ${reason}`, advice, { cause })
  }
}

async function pin(shell: Shell, folder: string, keys: readonly PublicKey[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const { id, pem } of keys) {
    await writeWhole(join(folder, `${id}${SUFFIX}`), pem)
    say(shell, `pinned key ${id} of ${shell.settings.url}`)
  }
}

function warnOfOthers(shell: Shell, folder: string, others: readonly PublicKey[], offered: number): void {
  if (others.length === 0) return
  const advice = `  if the change is known to be right, remove ${folder} and download again`
  if (others.length === offered) {
    const warning = `${shell.settings.url} offers none of the keys that are pinned for it: nothing was pinned`
    say(shell, `stella: WARNING: ${warning}`, advice)
  } else {
    const ids = others.map(({ id }) => id).join(', ')
    say(shell, `stella: ${shell.settings.url} offers a key that is not pinned: ${ids}`, advice)
  }
}

function checkedKey({ id, pem }: PublicKey): PublicKey {
  const key = readPublicKey(pem)
  if (key.id === id) return key
  throw new CommandFailure('integrity', `the key ${id} cannot be trusted: the PEM beside it is of key ${key.id}`)
}

function rootOf({ configDir }: Pick<Settings, 'configDir'>): string {
  return join(configDir, 'trusted-keys')
}

function folderOf(settings: Settings): string {
  return join(rootOf(settings), createHash('sha256').update(settings.url).digest('hex').slice(0, 16))
}

async function keyFiles(folder: string): Promise<string[]> {
  return (await entries(folder)).filter((name) => name.endsWith(SUFFIX))
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
    throw error
  }
}
