import type { ExportManifest } from '@stella/contracts'

/** Databases for Trivy that are served as a registry does, by the name of their repository. */
export const databases = { 'trivy-db': 'db', 'trivy-java-db': 'java-db' } as const
/** One of them. */
export type DatabaseKind = keyof typeof databases

/** What a bundle can be imported as; null where it cannot. */
export function importKind({ content }: ExportManifest): 'mirror' | DatabaseKind | null {
  if (content.mirror && !content.delta) return 'mirror'
  const { kind, variant } = content.profile
  const hasLayout = content.files.some(({ path }) => path === 'trivy/oci/index.json')
  const named = Object.entries(databases).find(([, of]) => of === variant)?.[0]
  return kind === 'trivy' && hasLayout && named !== undefined ? (named as DatabaseKind) : null
}
