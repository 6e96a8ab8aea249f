const VERSIONS = 25
const ARTIFACTS_OF_A_GROUP = 40

/**
 * JARs as repositories have them: 25 versions of an artifact, 40 artifacts of a group, SHA-1 digests that look like any.
 *
 * @param {number} index - which one
 */
export function jarAt(index) {
  const artifact = Math.floor(index / VERSIONS)
  const turn = index % VERSIONS
  return {
    artifact_id: `artifact-name-${artifact}`,
    group_id: `org.example.group${Math.floor(artifact / ARTIFACTS_OF_A_GROUP)}`,
    sha1: digestOf(index),
    version: `1.${turn}.${artifact % 7}`,
  }
}

/** As a row of an index, as upstream's builder reads it. */
export function rowAt(index) {
  const { group_id, artifact_id, version, sha1 } = jarAt(index)
  return `${group_id}\t${artifact_id}\t${version}\t-\t${sha1}\n`
}

/** 160 bits that no other index has, in no order: five words, each a bijection of 32 bits of another start (the finalizer of MurmurHash3). */
function digestOf(index) {
  return Array.from({ length: 5 }, (_, word) => {
    let hash = (index + word * 0x9e3779b9) >>> 0
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return ((hash ^ (hash >>> 16)) >>> 0).toString(16).padStart(8, '0')
  }).join('')
}
