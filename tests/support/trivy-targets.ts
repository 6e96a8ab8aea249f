/** A package that an advisory speaks of, and a target in which Trivy finds it installed. */
export interface TrivyTarget {
  /** As OSV names it. */
  readonly ecosystem: string
  /** As OSV names it. */
  readonly name: string
  readonly installed: string
  readonly fixed: string
  /** Name of the file that Trivy is given, and its content. */
  readonly file: string
  readonly content: string
}

const json = (value: object) => JSON.stringify(value, null, 2)

/** Lock files of package managers. */
const lockFiles: readonly TrivyTarget[] = [
  {
    ecosystem: 'npm',
    name: 'left-pad',
    installed: '1.1.0',
    fixed: '1.2.3',
    file: 'package-lock.json',
    content: json({ name: 'shop', lockfileVersion: 3, packages: { 'node_modules/left-pad': { version: '1.1.0' } } }),
  },
  {
    ecosystem: 'PyPI',
    name: 'Flask_Login',
    installed: '1.0rc1',
    fixed: '1.2.3',
    file: 'requirements.txt',
    content: 'flask-login==1.0rc1\n',
  },
  {
    ecosystem: 'Go',
    name: 'example.com/Shop/mod',
    installed: 'v0.0.0-20240101000000-abcdefabcdef',
    fixed: '1.2.3',
    file: 'go.mod',
    content: 'module example.com/shop\n\ngo 1.21\n\nrequire example.com/Shop/mod v0.0.0-20240101000000-abcdefabcdef\n',
  },
  {
    ecosystem: 'Maven',
    name: 'org.Example:Core',
    installed: '1.1.0-beta-2',
    fixed: '1.2.3',
    file: 'gradle.lockfile',
    content: 'org.example:core:1.1.0-beta-2=runtimeClasspath\n',
  },
  {
    ecosystem: 'crates.io',
    name: 'tiny_http',
    installed: '1.1.0',
    fixed: '1.2.3',
    file: 'Cargo.lock',
    content:
      'version = 3\n\n[[package]]\nname = "tiny_http"\nversion = "1.1.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n',
  },
  {
    ecosystem: 'RubyGems',
    name: 'rack-cors',
    installed: '1.1.0.pre1',
    fixed: '1.2.3',
    file: 'Gemfile.lock',
    content:
      'GEM\n  remote: https://rubygems.org/\n  specs:\n    rack-cors (1.1.0.pre1)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack-cors\n',
  },
  {
    ecosystem: 'NuGet',
    name: 'Example.Json',
    installed: '1.1.0',
    fixed: '1.2.3',
    file: 'packages.lock.json',
    content: json({
      version: 1,
      dependencies: { 'net8.0': { 'Example.Json': { type: 'Direct', requested: '[1.1.0, )', resolved: '1.1.0' } } },
    }),
  },
  {
    ecosystem: 'Packagist',
    name: 'vendor/Package',
    installed: '1.1.0',
    fixed: '1.2.3',
    file: 'composer.lock',
    content: json({ packages: [{ name: 'vendor/package', version: '1.1.0' }] }),
  },
]

/** Bills of materials of images, as Trivy and others write them. */
const images: readonly TrivyTarget[] = [
  image(
    { ecosystem: 'Debian:12', family: 'debian', release: '12.5', purl: 'deb/debian' },
    '7.88.1-10+deb12u4',
    '7.88.1-10+deb12u5',
  ),
  image(
    { ecosystem: 'Ubuntu:22.04:LTS', family: 'ubuntu', release: '22.04', purl: 'deb/ubuntu' },
    '7.81.0-1ubuntu1.14',
    '7.81.0-1ubuntu1.15',
  ),
  image({ ecosystem: 'Alpine:v3.18', family: 'alpine', release: '3.18.4', purl: 'apk/alpine' }, '8.4.0-r0', '8.5.0-r0'),
  image(
    { ecosystem: 'AlmaLinux:9', family: 'alma', release: '9.3', purl: 'rpm/alma' },
    '7.76.1-26.el9',
    '7.76.1-29.el9_4',
  ),
  image(
    { ecosystem: 'Rocky Linux:9', family: 'rocky', release: '9.3', purl: 'rpm/rocky' },
    '7.76.1-26.el9',
    '7.76.1-29.el9_4',
  ),
]

/** Every target, each of an ecosystem of its own. */
export const trivyTargets: readonly TrivyTarget[] = [...lockFiles, ...images]

interface Distribution {
  readonly ecosystem: string
  readonly family: string
  readonly release: string
  /** Type and namespace of its packages' purls. */
  readonly purl: string
}

function image({ ecosystem, family, release, purl }: Distribution, installed: string, fixed: string): TrivyTarget {
  const named = `pkg:${purl}/curl@${encodeURIComponent(installed)}?distro=${family}-${release}`
  const [version = '', revision = ''] = installed.split('-')
  const isSplit = family !== 'alpine'
  const facts = {
    PkgType: family,
    SrcName: 'curl',
    SrcVersion: isSplit ? version : installed,
    ...(isSplit ? { SrcRelease: revision } : {}),
  }
  const properties = Object.entries(facts).map(([name, value]) => ({ name: `aquasecurity:trivy:${name}`, value }))
  const content = json({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { 'bom-ref': 'image', type: 'container', name: `shop/${family}` } },
    components: [
      { 'bom-ref': 'os', type: 'operating-system', name: family, version: release },
      { 'bom-ref': named, type: 'library', name: 'curl', version: installed, purl: named, properties },
    ],
    dependencies: [
      { ref: 'image', dependsOn: ['os'] },
      { ref: 'os', dependsOn: [named] },
    ],
  })
  return { ecosystem, name: 'curl', installed, fixed, file: `${family}.cdx.json`, content }
}
