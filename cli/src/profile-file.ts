import { faultsOf, MAX_JSON_BODY_BYTES, type NewProfile, newProfile, wording } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { parse } from 'yaml'

import { readInputFile } from './input-file.ts'

/**
 * A profile from a file of YAML 1.2, of which JSON is a part. @throws CommandFailure `notFound` where there is no such file, `usage`
 * where it holds no profile, naming each field that is wrong
 */
export async function readProfileFile(path: string): Promise<NewProfile> {
  const text = (await readInputFile(path, MAX_JSON_BODY_BYTES)).toString()
  const parsed = newProfile.safeParse(parseYaml(path, text), { error: wording })
  if (parsed.success) return parsed.data

  const reasons = faultsOf(parsed.error, 'the document')
  throw new CommandFailure(
    'usage',
    `${path} cannot be used: ${reasons.join('; ')}`,
    'a profile has name, kind, variant, config',
  )
}

function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new CommandFailure('usage', `${path} cannot be read: it is neither YAML nor JSON: ${reason}`, null, { cause })
  }
}
