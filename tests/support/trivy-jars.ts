import { createHash } from 'node:crypto'

import type { TrivyTarget } from './trivy-targets.ts'
import { zip } from './zip.ts'

/** JARs that do not say what they are: only a Java DB tells. */
export const jars: readonly TrivyTarget[] = [
  jar('payments.jar', 'org.Example:payments-core', 'GHSA-2222-3333-4450'),
  jar('ledger-client-1.1.0.jar', 'org.Example:ledger-client', 'GHSA-2222-3333-4451'),
]

function jar(file: string, name: string, id: string): TrivyTarget {
  const source = 'GitHub Security Advisory Maven'
  const content = zip([['org/example/Core.class', `the class of ${name}`]])
  return { ecosystem: 'Maven', name, installed: '1.1.0', fixed: '1.2.3', id, source, file, content }
}

/** An index that knows the first JAR by its SHA-1, and of the second another build: Trivy finds that by artifact and version. */
export const jarIndex = jars
  .map(({ name, installed, content }, at) => {
    const digest = createHash('sha1')
      .update(at === 0 ? content : 'another build')
      .digest('hex')
    return [...name.split(':'), installed, '-', digest].join('\t')
  })
  .join('\n')
