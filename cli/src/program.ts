import { type ExitCode, exitCodes } from '@stella/core'
import { Command } from 'commander'
import { cancelRunCommand } from './commands/cancel-run.ts'
import { createProfileCommand } from './commands/create-profile.ts'
import { createRunCommand } from './commands/create-run.ts'
import { decryptMirrorCommand } from './commands/decrypt-mirror.ts'
import { deleteProfileCommand } from './commands/delete-profile.ts'
import { downloadRunCommand } from './commands/download-run.ts'
import { getProfileCommand } from './commands/get-profile.ts'
import { getRunCommand } from './commands/get-run.ts'
import { ingestCommand } from './commands/ingest.ts'
import { installTrivyCommand } from './commands/install-trivy.ts'
import { listAuditCommand } from './commands/list-audit.ts'
import { listProfilesCommand } from './commands/list-profiles.ts'
import { listRunsCommand } from './commands/list-runs.ts'
import { listVerificationsCommand } from './commands/list-verifications.ts'
import { mergeMirrorsCommands } from './commands/merge-mirrors.ts'
import { ociLayoutCommands } from './commands/oci-layouts.ts'
import { previewPlanCommand } from './commands/preview-plan.ts'
import { reproduceCommand } from './commands/reproduce.ts'
import { runStatusCommand } from './commands/run-status.ts'
import { tokenCommand } from './commands/token.ts'
import { updateProfileCommand } from './commands/update-profile.ts'
import { verifyCommand } from './commands/verify.ts'
import { verifyAuditCommand } from './commands/verify-audit.ts'
import { verifyRunCommand } from './commands/verify-run.ts'
import { exitCodeOf } from './exit-code.ts'
import { failureLines } from './failure-lines.ts'
import { say } from './output.ts'
import type { Shell } from './shell.ts'

/**
 * Runs one command line, without the two words `node stella`. Answers the exit code; failures are on standard error, and nothing is
 * thrown.
 */
export async function runStella(args: readonly string[], shell: Shell): Promise<ExitCode> {
  try {
    await stellaProgram(shell).parseAsync(args, { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    const code = exitCodeOf(error)
    if (error instanceof Error && error.name === 'CommanderError') return code
    const isInterrupted = code === exitCodes.interrupted && !isFailure(error)
    say(shell, ...(isInterrupted ? ['stella: interrupted'] : failureLines(error)))
    return code
  }
}

function isFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'CommandFailure'
}

function stellaProgram(shell: Shell): Command {
  const program = new Command('stella')
    .description('Portable, signed, reproducible bundles of vulnerability evidence')
    .option('--json', 'print one JSON document on standard output')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'stella: the command line cannot be read: ')),
    })
    .showHelpAfterError('  see --help')
    .exitOverride()

  ingestCommand(program, shell)
  const exporting = program.command('export').description('profiles, runs and their bundles')
  const profiles = exporting.command('profiles').description('what an export holds and how it is written')
  for (const add of [listProfilesCommand, createProfileCommand, getProfileCommand]) add(profiles, shell)
  for (const add of [updateProfileCommand, deleteProfileCommand]) add(profiles, shell)
  previewPlanCommand(exporting, shell)
  const runs = exporting.command('run').description('one export after a profile')
  for (const add of [createRunCommand, runStatusCommand, listRunsCommand, getRunCommand]) add(runs, shell)
  for (const add of [cancelRunCommand, downloadRunCommand, verifyRunCommand, listVerificationsCommand]) add(runs, shell)
  verifyCommand(exporting, shell)
  reproduceCommand(exporting, shell)
  const audit = program
    .command('audit')
    .description('what was done and refused, in a log that shows when it was changed')
  for (const add of [listAuditCommand, verifyAuditCommand]) add(audit, shell)
  const mirrors = program.command('mirror').description('mirrors, and deltas that are applied to them')
  for (const add of [mergeMirrorsCommands, ociLayoutCommands, decryptMirrorCommand]) add(mirrors, shell)
  installTrivyCommand(program.command('trivy').description('databases that Trivy scans with'), shell)
  tokenCommand(program, shell)
  return program
}
