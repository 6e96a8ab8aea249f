import { zstdVersion as versionNatively } from '#binding'

/** Version of the zstd library that compresses, as `1.5.7`. Manifests name it, since bytes depend on it. */
export function zstdVersion(): string {
  return versionNatively()
}
