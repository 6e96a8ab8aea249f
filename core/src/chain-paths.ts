import { bundlePaths } from '@stella/contracts'

/** Folder of the signed manifests that something was merged of. */
export const chainFolder = 'signatures/chain'

/** Path of the folder of one manifest of a chain, from 0. */
export function chainPath(place: number): string {
  return `${chainFolder}/${String(place).padStart(3, '0')}`
}

/** The two files of such a folder. */
export function chainFiles(folder: string): { readonly manifest: string; readonly signature: string } {
  return { manifest: `${folder}/${bundlePaths.manifest}`, signature: `${folder}/export.sig` }
}
