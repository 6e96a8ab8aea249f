import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

const SOURCES = {
  Debian: ['debian', 'Debian Security Tracker'],
  Ubuntu: ['ubuntu', 'Ubuntu CVE Tracker'],
  Alpine: ['alpine', 'Alpine Secdb'],
  AlmaLinux: ['alma', 'AlmaLinux Product Errata'],
  'Rocky Linux': ['rocky', 'Rocky Linux updateinfo'],
  SUSE: ['suse-cvrf', 'SUSE CVRF'],
}
const BUCKETS = {
  Debian: (release) => `debian ${release}`,
  Ubuntu: (release) => `ubuntu ${release.replace(':LTS', '')}`,
  Alpine: (release) => `alpine ${release.slice(1)}`,
  AlmaLinux: (release) => `alma ${release}`,
  'Rocky Linux': (release) => `rocky ${release}`,
  SUSE: (release) => release.replace(/.* (\d+) SP(\d+)$/, 'SUSE Linux Enterprise $1.$2'),
}
const SLUGS = {
  npm: 'npm',
  PyPI: 'pip',
  Go: 'go',
  Maven: 'maven',
  'crates.io': 'cargo',
  RubyGems: 'rubygems',
  NuGet: 'nuget',
}

/** Writes what the peer is given: the same documents, mapped beforehand, so that it is not timed with that. */
export async function writePeerRows(file, { textAt, count }) {
  const out = createWriteStream(file)
  for (let index = 0; index < count; index++) {
    if (!out.write(`${JSON.stringify(row(JSON.parse(textAt(index))))}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}

function row({ id, aliases, summary, details, references, published, modified, severity, affected }) {
  return {
    ID: aliases[0],
    Vendor: id,
    Detail: {
      Title: summary,
      Description: details,
      References: references.map(({ url }) => url),
      CvssVectorV3: severity[0].score,
      CvssScoreV3: 9.8,
      PublishedDate: published,
      LastModifiedDate: modified,
    },
    Affected: affected.map(rowOf),
  }
}

function rowOf({ package: { ecosystem, name }, ranges }) {
  const [base, ...release] = ecosystem.split(':')
  const fixed = ranges[0].events[1].fixed
  if (base in SLUGS) {
    const source = { ID: 'osv', Name: 'Open Source Vulnerabilities', URL: 'https://osv.dev/' }
    const Bucket = `${SLUGS[base]}::${source.Name}`
    return { Bucket, Package: name, Fixed: fixed, Range: `<${fixed}`, Source: source }
  }
  const [ID, Name] = SOURCES[base]
  return {
    Bucket: BUCKETS[base](release.join(':')),
    Package: name,
    Fixed: fixed,
    Range: '',
    Source: { ID, Name, URL: '' },
  }
}
