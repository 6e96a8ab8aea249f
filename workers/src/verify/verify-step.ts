import { type Job, type JobMessage, MAX_FAULTS, problems, storedDamage, toProblem } from '@stella/contracts'
import { byteOrder, type ExportFault, sealedKey, verifyExport } from '@stella/core'
import {
  beginVerification,
  endVerification,
  type OpenRun,
  openRun,
  type Sealed,
  type VerificationEnd,
} from '@stella/db'
import { readPublishedExport } from '@stella/native'

import type { WorkerDeps } from '../deps.ts'
import { whileAlive } from '../run/while-alive.ts'

/** What verifying uses. */
export type VerifyDeps = Pick<WorkerDeps, 'inTenant' | 'blobs' | 'kms' | 'log'>

/**
 * verify: reads back all that is stored for a run, and judges it as `stella export verify` does, by the keys of the service.
 * Runs twice safely: a verdict is given once. What is damaged is a fault of the verdict, no failure.
 * @throws `blob/unavailable` · `kms/refused` · `native/…`
 */
export async function verifyStep(
  deps: VerifyDeps,
  { tenantId, verificationId: id }: JobMessage<'verify'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const begun = await deps.inTenant(tenantId, (tx) => beginVerification(tx, { tenantId, id }))
  const run = begun && (await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: begun.runId })))
  if (!run) return []
  const end = await whileAlive(deps.log, {
    beat: () => deps.inTenant(tenantId, (tx) => beginVerification(tx, { tenantId, id })),
    failed: { message: 'cannot mark a verification as alive', verification_id: id },
    work: () => judged(deps, run, signal),
  })
  const { state } = (await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: run.id }))) ?? run
  // What was removed by its retention meanwhile is not damaged.
  const told: VerificationEnd = state === 'succeeded' ? end : prunedMeanwhile(run.id)
  await deps.inTenant(tenantId, (tx) => endVerification(tx, { tenantId, id }, told))
  return []
}

function prunedMeanwhile(runId: string): VerificationEnd {
  const { errorClass } = problems['run/pruned']
  return { state: 'failed', errorClass, errorMessage: `the bundle of run ${runId} was removed by its retention` }
}

async function judged(deps: VerifyDeps, run: OpenRun, signal: AbortSignal): Promise<VerificationEnd> {
  const { sealed } = run
  if (sealed === null) return prunedMeanwhile(run.id)
  const stored = await storedFaults(deps, run, sealed, signal)
  const judged = stored.some(({ path }) => path === BUNDLE) ? null : await judgedBundle(deps, run, sealed, signal)
  const faults = [...stored, ...(judged?.faults ?? [])]
    .toSorted((a, b) => byteOrder(a.path, b.path))
    .slice(0, MAX_FAULTS)
  const { keyId = null, contentRoot = null } = judged ?? {}
  return { state: 'completed', verdict: { ok: faults.length === 0, key_id: keyId, content_root: contentRoot, faults } }
}

/** How faults name the bundle itself. */
const BUNDLE = 'bundle.tar.zst'

/** Damage to the blobs themselves: the bundle and each document that is served alone, by size and digest. */
async function storedFaults(
  { blobs }: VerifyDeps,
  { tenantId, id: runId }: OpenRun,
  { attempt, bundle, documents }: Sealed,
  signal: AbortSignal,
): Promise<ExportFault[]> {
  const faults: ExportFault[] = []
  for (const [path, { sha256, size }] of [[BUNDLE, bundle] as const, ...Object.entries(documents)]) {
    const blob = { key: sealedKey({ tenantId, runId, attempt, sha256 }), sha256, sizeBytes: size }
    try {
      for await (const _ of await blobs.read(blob)) signal.throwIfAborted()
    } catch (error) {
      const { code } = toProblem(error)
      if (!storedDamage.has(code)) throw error
      faults.push({ path, reason: `what is stored is not what was sealed: ${code}` })
    }
  }
  return faults
}

async function judgedBundle(
  { blobs, kms }: VerifyDeps,
  { tenantId, id: runId }: OpenRun,
  { attempt, bundle }: Sealed,
  signal: AbortSignal,
) {
  const scratch = await blobs.scratch()
  try {
    const { sha256, size } = bundle
    const key = sealedKey({ tenantId, runId, attempt, sha256 })
    const path = await blobs.localFile({ key, sha256, sizeBytes: size }, scratch)
    const read = await readPublishedExport({ path, name: BUNDLE }, signal)
    return verifyExport({ ...read, keys: await kms.publicKeys() })
  } finally {
    await scratch.dispose()
  }
}
