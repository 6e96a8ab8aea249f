import type { TrivyTarget } from './trivy-targets.ts'

const deb = { installed: '7.88.1-10+deb12u4', fixed: '7.88.1-10+deb12u5' }
const apk = { installed: '8.4.0-r0', fixed: '8.5.0-r0' }
const rpm = { installed: '7.76.1-26.el9', fixed: '7.76.1-29.el9_4' }

/** CycloneDX of images of each distribution, and of what else has no lock file. */
export const billsOfMaterials: readonly TrivyTarget[] = [
  image({
    ecosystem: 'Debian:12',
    source: 'Debian Security Tracker',
    family: 'debian',
    release: '12.5',
    purl: 'deb/debian',
    ...deb,
  }),
  image({
    ecosystem: 'Ubuntu:22.04:LTS',
    source: 'Ubuntu CVE Tracker',
    family: 'ubuntu',
    release: '22.04',
    purl: 'deb/ubuntu',
    ...deb,
  }),
  image({
    ecosystem: 'Alpine:v3.18',
    source: 'Alpine Secdb',
    family: 'alpine',
    release: '3.18.4',
    purl: 'apk/alpine',
    ...apk,
  }),
  image({ ecosystem: 'Wolfi', source: 'Wolfi Secdb', family: 'wolfi', release: '20230201', purl: 'apk/wolfi', ...apk }),
  image({
    ecosystem: 'Chainguard',
    source: 'Chainguard Security Data',
    family: 'chainguard',
    release: '20230214',
    purl: 'apk/chainguard',
    ...apk,
  }),
  image({
    ecosystem: 'AlmaLinux:9',
    source: 'AlmaLinux Product Errata',
    family: 'alma',
    release: '9.3',
    purl: 'rpm/alma',
    ...rpm,
  }),
  image({
    ecosystem: 'Rocky Linux:9',
    source: 'Rocky Linux updateinfo',
    family: 'rocky',
    release: '9.3',
    purl: 'rpm/rocky',
    ...rpm,
  }),
  image({
    ecosystem: 'Red Hat:enterprise_linux:9::baseos',
    source: null,
    family: 'redhat',
    release: '9.3',
    purl: 'rpm/redhat',
    ...rpm,
  }),
  image({
    ecosystem: 'Red Hat:enterprise_linux:7::server',
    source: null,
    family: 'centos',
    release: '7.9',
    purl: 'rpm/centos',
    ...rpm,
  }),
  image({
    ecosystem: 'SUSE:Linux Enterprise Server 15 SP4',
    source: 'SUSE CVRF',
    family: 'sles',
    release: '15.4',
    purl: 'rpm/suse',
    ...rpm,
  }),
  image({
    ecosystem: 'openSUSE:Leap 15.5',
    source: 'SUSE CVRF',
    family: 'opensuse-leap',
    release: '15.5',
    purl: 'rpm/opensuse',
    ...rpm,
  }),
  image({
    ecosystem: 'Photon OS:4.0',
    source: 'Photon OS CVE metadata',
    family: 'photon',
    release: '4.0',
    purl: 'rpm/photon',
    ...rpm,
  }),
  image({
    ecosystem: 'Azure Linux:3',
    source: 'Azure Linux Vulnerability Data',
    family: 'azurelinux',
    release: '3.0',
    purl: 'rpm/azurelinux',
    ...rpm,
  }),
  image({
    ecosystem: 'Azure Linux:2',
    source: 'CBL-Mariner Vulnerability Data',
    family: 'cbl-mariner',
    release: '2.0',
    purl: 'rpm/cbl-mariner',
    ...rpm,
  }),
  component({
    ecosystem: 'Bitnami',
    id: 'BIT-redis-2024-1',
    source: 'Bitnami Vulnerability Database',
    name: 'redis',
    purl: 'pkg:bitnami/redis',
  }),
  component({
    ecosystem: 'Kubernetes',
    id: 'OSV-2024-4',
    source: 'Official Kubernetes CVE Feed',
    name: 'k8s.io/apiserver',
    purl: 'pkg:k8s/k8s.io%2Fapiserver',
  }),
]

interface Distribution {
  readonly ecosystem: string
  readonly source: string | null
  readonly family: string
  readonly release: string
  /** Type and namespace of its packages' purls. */
  readonly purl: string
  readonly installed: string
  readonly fixed: string
}

/** An image with one package, as Trivy itself describes it. */
export function image({ ecosystem, source, family, release, purl, installed, fixed }: Distribution): TrivyTarget {
  const named = `pkg:${purl}/curl@${encodeURIComponent(installed)}?distro=${family}-${release}`
  const [version = '', revision = ''] = installed.split('-')
  const isSplit = !purl.startsWith('apk/')
  const facts = {
    PkgType: family,
    SrcName: 'curl',
    SrcVersion: isSplit ? version : installed,
    ...(isSplit ? { SrcRelease: revision } : {}),
  }
  const properties = Object.entries(facts).map(([name, value]) => ({ name: `aquasecurity:trivy:${name}`, value }))
  const content = cycloneDx(family, [
    { 'bom-ref': 'os', type: 'operating-system', name: family, version: release },
    { 'bom-ref': named, type: 'library', name: 'curl', version: installed, purl: named, properties },
  ])
  return {
    ecosystem,
    name: 'curl',
    installed,
    fixed,
    id: `OSV-${family}-2024`,
    source,
    file: `${family}.cdx.json`,
    content,
  }
}

type Component = Pick<TrivyTarget, 'ecosystem' | 'id' | 'source' | 'name'> & { readonly purl: string }

/** One component with its purl alone. */
function component({ purl, ...stated }: Component): TrivyTarget {
  const versions = { installed: '1.1.0', fixed: '1.2.3' }
  const named = `${purl}@${versions.installed}`
  const { name } = stated
  const library = { 'bom-ref': named, type: 'application', name, version: versions.installed, purl: named }
  return {
    ...stated,
    ...versions,
    file: `${stated.ecosystem.toLowerCase()}.cdx.json`,
    content: cycloneDx(name, [library]),
  }
}

/** Each component depends on the one before it. */
function cycloneDx(name: string, components: readonly { 'bom-ref': string; [field: string]: unknown }[]): string {
  const refs = ['subject', ...components.map((component) => component['bom-ref'])]
  return JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: { component: { 'bom-ref': 'subject', type: 'container', name } },
      components,
      dependencies: refs.slice(1).map((ref, at) => ({ ref: refs[at], dependsOn: [ref] })),
    },
    null,
    2,
  )
}
