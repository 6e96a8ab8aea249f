import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'

import { type PublicKey, toProblem } from '@stella/contracts'
import { CommandFailure, type ExitCode, exitCodes } from '@stella/core/command-failure'
import { printable } from '@stella/core/printable'
import { Command, CommanderError } from 'commander'

import * as answers from './answers.ts'
import { changeKinds, changelog } from './changelog.ts'
import { ActiveGeneration } from './generation.ts'
import { Generations } from './generations.ts'
import { whole } from './whole.ts'

const DEFAULT_PORT = 8090

// What one command needs alone is loaded when it runs: `serve` answers without what importing needs.

/** What the reader has of the process around it. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Writable
  readonly stderr: Writable
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** Runs one command line, without the words `node stella-reader`. Failures are on standard error, and nothing is thrown. */
export async function runReader(args: readonly string[], shell: Shell): Promise<ExitCode> {
  try {
    await readerProgram(shell).parseAsync(args, { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    const failure = failureOf(error, shell)
    const { message, details, advice } = failure
    const lines = [
      `stella-reader: ${message}`,
      ...[...details, ...(advice === null ? [] : [advice])].map((line) => `  ${line}`),
    ]
    for (const line of lines) shell.stderr.write(`${printable(line)}\n`)
    return exitCodes[failure.kind]
  }
}

function failureOf(error: unknown, { signal }: Shell): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (signal.aborted) return new CommandFailure('interrupted', 'interrupted', 'what served before serves on')
  const { code, message } = toProblem(error)
  if (code === 'resource/not-found')
    return new CommandFailure('notFound', message, 'see /coverage for what the mirror holds')
  if (code === 'request/invalid') return new CommandFailure('usage', message, 'see --help')
  const advice = code === 'bundle/invalid' ? 'import the mirror again' : 'look at the folder that --root names'
  const cause = code === 'internal' && error instanceof Error ? error.message : message
  return new CommandFailure(code.startsWith('bundle/') ? 'integrity' : 'failed', cause, advice)
}

function readerProgram(shell: Shell): Command {
  const home = shell.env.XDG_DATA_HOME || join(shell.env.HOME || homedir(), '.local/share')
  const program = new Command('stella-reader')
    .description('Imports a mirror of vulnerability evidence, and serves it without any network')
    .option('--root <folder>', 'where mirrors are kept', join(home, 'stella-reader'))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => shell.stdout.write(text), writeErr: (text) => shell.stderr.write(text) })
    .exitOverride()
  const rootOf = () => program.opts<{ root: string }>().root

  program
    .command('import')
    .description('verify a mirror, deltas for it, or a database for Trivy, and make it what serves')
    .argument(
      '<bundle...>',
      'a .tar.zst or its folder: of a mirror, of deltas for it, the oldest first, or of both; of a mirror in parts, their folder',
    )
    .requiredOption('--key <pem>', 'a public key that is trusted; may be repeated', collected)
    .option('--allow-rollback', 'a mirror that is older than what serves')
    .option('--allow-expired', 'a mirror past its valid_until')
    .option('--allow-other', 'a mirror of another tenant, profile, ledger or set of filters')
    .action(async (bundles: [string, ...string[]], options: ImportOptions) => {
      const keys = await Promise.all(options.key.map(readKey))
      const { allowRollback = false, allowExpired = false, allowOther = false } = options
      const allowed = { allowRollback, allowExpired, allowOther }
      const request = { root: rootOf(), bundles, keys, now: shell.now(), ...allowed }
      const { importBundles } = await import('./import-bundles.ts')
      const { manifest, isNew, receipt } = await importBundles(request, shell.signal)
      const { content } = manifest
      const { generation, valid_until } = content.mirror ?? {}
      const said = {
        generation,
        ledger_time: content.ledger_time,
        valid_until,
        content_root: content.content_root,
        counts: content.counts,
      }
      print(shell, { imported: isNew, ...said, receipt })
    })
  program
    .command('serve')
    .description('answer over HTTP: /coverage, /changelog, /advisories, /vex, /sboms, /documents')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <number>', 'port to listen at; 0 for any that is free', String(DEFAULT_PORT))
    .action(async ({ host, port }: { host: string; port: string }) => {
      const number = whole(port, '--port', { least: 0, most: 65_535, otherwise: DEFAULT_PORT })
      await serve(shell, { root: rootOf(), host, port: number })
    })
  addQueries(program, shell, () => new ActiveGeneration(new Generations(rootOf())).get())
  return program
}

interface ImportOptions {
  readonly key: string[]
  readonly allowRollback?: true
  readonly allowExpired?: true
  readonly allowOther?: true
}

/** What `query` takes of a page; the largest is the default. */
interface Paging {
  readonly skip?: string
  readonly limit: string
}

function addQueries(program: Command, shell: Shell, open: () => ReturnType<ActiveGeneration['get']>): void {
  const query = program.command('query').description('ask the mirror that serves; answers as those over HTTP')
  const { now } = shell
  const list = (usage: string, description: string) =>
    query
      .command(usage)
      .description(description)
      .option('--skip <number>', 'leave out so many, those of the answers before', '0')
      .option('--limit <number>', 'answer so many at most', String(answers.MAX_RECORDS))
  query
    .command('advisory <id>')
    .description('an advisory by its id')
    .action(async (id: string) => show(shell, answers.advisory(await open(), id, now())))
  list('alias <name>', 'advisories by an alias, such as a CVE').action(async (name: string, of: Paging) =>
    show(shell, answers.advisoriesByAlias(await open(), name, answers.pageOf(of), now())),
  )
  list('package <purl>', 'advisories that speak of a package').action(async (purl: string, of: Paging) =>
    show(shell, answers.advisoriesByPackage(await open(), purl, answers.pageOf(of), now())),
  )
  list('text <words...>', 'advisories by words: of ids, aliases, packages and summaries').action(
    async (words: string[], of: Paging) =>
      show(shell, answers.advisoriesByWords(await open(), words.join(' '), answers.pageOf(of), now())),
  )
  list('vex', 'VEX statements')
    .option('--product <name>', 'about a product')
    .option('--vulnerability <name>', 'about a vulnerability')
    .action(async (of: Paging & { product?: string; vulnerability?: string }) =>
      show(shell, answers.vex(await open(), of, answers.pageOf(of), now())),
    )
  list('sboms', 'SBOMs')
    .option('--component <purl>', 'that hold a component')
    .option('--subject <name>', 'that describe a subject')
    .action(async (of: Paging & { component?: string; subject?: string }) =>
      show(shell, answers.sboms(await open(), of, answers.pageOf(of), now())),
    )
  query
    .command('document <sha256>')
    .description('a document as it was received')
    .action(async (digest: string) => void shell.stdout.write(answers.document(await open(), digest)))
  query
    .command('coverage')
    .description('which sources the mirror holds, how old they are, and what it lacks')
    .action(async () => print(shell, answers.coverage(await open(), now())))
  list('changelog', 'what the deltas that were imported last have changed')
    .option('--kind <kind>', `of one kind: ${changeKinds.join(', ')}`)
    .action(async (of: Paging & { kind?: string }) =>
      print(shell, await changelog(await open(), of.kind, answers.pageOf(of), now())),
    )
}

async function serve(shell: Shell, { root, host, port }: { root: string; host: string; port: number }): Promise<void> {
  const [{ createAdaptorServer }, { readerApp }] = await Promise.all([import('@hono/node-server'), import('./app.ts')])
  const app = readerApp(root, new ActiveGeneration(new Generations(root)), shell.now)
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new CommandFailure('failed', `${host}:${port}: ${cause.message}`, 'choose another --port')),
    )
    server.listen(port, host, () => {
      const { address, port: at } = server.address() as AddressInfo
      print(shell, { listening: `http://${address.includes(':') ? `[${address}]` : address}:${at}` })
    })
    const stop = () => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    }
    if (shell.signal.aborted) stop()
    else shell.signal.addEventListener('abort', stop, { once: true })
  })
}

async function readKey(path: string): Promise<PublicKey> {
  const { readPublicKey } = await import('@stella/core')
  try {
    return readPublicKey(await readFile(path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure('usage', `the key ${path} cannot be used: ${reason}`, 'give a public key in PEM', {
      cause,
    })
  }
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function show({ stdout }: Shell, answer: answers.Answer): void {
  stdout.write(`${answers.encodeAnswer(answer)}\n`)
}

function print({ stdout }: Shell, value: object): void {
  stdout.write(`${JSON.stringify(value)}\n`)
}
