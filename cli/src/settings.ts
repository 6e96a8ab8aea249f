import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandFailure } from '@stella/core'

/** What the environment says: read once, in `main.ts`. */
export interface Settings {
  /** Base URL of the API, without a slash at its end. */
  readonly url: string
  /** Bearer token; null where none is set. */
  readonly token: string | null
  /** Where pinned keys are kept. */
  readonly configDir: string
  /** Where Trivy keeps its databases (`os.UserCacheDir` of Go on Linux, then `trivy`). */
  readonly trivyCacheDir: string
  /** Where a development issuer's key lies, when it is not found in a parent directory. */
  readonly devDir: string | null
  readonly workDir: string
}

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** Reads `STELLA_URL`, `STELLA_TOKEN`, `STELLA_DEV_DIR`, `XDG_CONFIG_HOME` and `XDG_CACHE_HOME`. @throws CommandFailure `usage` for a URL that is none */
export function readSettings(environment: Readonly<Record<string, string | undefined>>, workDir: string): Settings {
  const configHome = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config')
  const cacheHome = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache')
  return {
    trivyCacheDir: join(cacheHome, 'trivy'),
    url: baseUrl(environment.STELLA_URL || DEFAULT_URL),
    token: bearerToken(environment.STELLA_TOKEN),
    configDir: join(configHome, 'stella'),
    devDir: environment.STELLA_DEV_DIR || null,
    workDir,
  }
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CommandFailure(
      'usage',
      `STELLA_URL cannot be used: ${text} is no http or https URL`,
      'give one like http://127.0.0.1:8080',
    )
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** A token goes into a header: anything else is refused without repeating it. */
function bearerToken(text: string | undefined): string | null {
  if (!text) return null
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(text)) return text
  throw new CommandFailure(
    'usage',
    'STELLA_TOKEN cannot be used: it holds characters that no token has',
    'set it anew, without line breaks',
  )
}
