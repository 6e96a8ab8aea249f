/** Buckets of the database: releases of distributions, and languages. */
const ECOSYSTEMS = [
  ...['10', '11', '12', '13'].map((release) => `Debian:${release}`),
  ...['14.04', '16.04', '18.04', '20.04', '22.04', '24.04'].map((release) => `Ubuntu:${release}:LTS`),
  ...Array.from({ length: 12 }, (_, minor) => `Alpine:v3.${minor + 10}`),
  ...['8', '9', '10'].map((release) => `AlmaLinux:${release}`),
  ...['8', '9'].map((release) => `Rocky Linux:${release}`),
  ...Array.from({ length: 6 }, (_, pack) => `SUSE:Linux Enterprise Server 15 SP${pack + 1}`),
  ...['npm', 'PyPI', 'Go', 'Maven', 'crates.io', 'RubyGems', 'NuGet'],
]
const PACKAGES = 20_000
const PACKAGES_OF_ONE = 4
const DETAILS_BYTES = 1_150

/**
 * Advisories of which each speaks of one vulnerability in four packages of four buckets: so a quarter as many documents as the database
 * has advisories. The prose is that of real ones.
 *
 * @param {string[]} texts - details of real advisories
 * @param {number} packages - names of packages that there are
 * @returns {{ idAt: (index: number) => string, textAt: (index: number) => string }} the id and the canonical text of a document
 */
export function advisories(texts, packages = PACKAGES) {
  const prose = texts.join(' ').replace(/[^\x20-\x7e]/g, ' ')
  const idAt = (index) => `BENCH-${String(index).padStart(7, '0')}`
  const textAt = (index) => JSON.stringify(document(index, idAt(index), { prose, packages }))
  return { idAt, textAt }
}

/** Advisories of the database that so many documents make. */
export const advisoriesIn = (documents) => documents * PACKAGES_OF_ONE

/** Members in the order of RFC 8785. */
function document(index, id, { prose, packages }) {
  const at = (index * 1_009) % (prose.length - DETAILS_BYTES)
  const affected = Array.from({ length: PACKAGES_OF_ONE }, (_, turn) => {
    const ecosystem = ECOSYSTEMS[(index * PACKAGES_OF_ONE + turn) % ECOSYSTEMS.length]
    const name = `package-${(index * 31 + turn * 7919) % packages}`
    const fixed = `${index % 9}.${index % 23}.${index % 101}`
    return { package: { ecosystem, name }, ranges: [{ events: [{ introduced: '0' }, { fixed }], type: 'ECOSYSTEM' }] }
  })
  return {
    affected,
    aliases: [`CVE-2020-${1_000_000 + index}`],
    details: prose.slice(at, at + DETAILS_BYTES),
    id,
    modified: '2025-01-01T00:00:00Z',
    published: '2024-01-01T00:00:00Z',
    references: [
      { type: 'ADVISORY', url: `https://advisories.example.com/${id}` },
      { type: 'WEB', url: `https://tracker.example.com/issues/${index}` },
    ],
    severity: [{ score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', type: 'CVSS_V3' }],
    summary: `A vulnerability of package-${index % packages}`,
  }
}
