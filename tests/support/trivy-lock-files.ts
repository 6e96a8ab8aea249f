import type { TrivyTarget } from './trivy-targets.ts'

const json = (value: object) => JSON.stringify(value, null, 2)

/** Lock files of package managers, in each a package that Trivy finds. */
export const lockFiles: readonly TrivyTarget[] = [
  {
    ecosystem: 'npm',
    name: 'left-pad',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4442',
    source: 'GitHub Security Advisory npm',
    file: 'package-lock.json',
    content: json({ name: 'shop', lockfileVersion: 3, packages: { 'node_modules/left-pad': { version: '1.1.0' } } }),
  },
  {
    ecosystem: 'PyPI',
    name: 'Flask_Login',
    installed: '1.0rc1',
    fixed: '1.2.3',
    id: 'PYSEC-2024-1',
    source: 'Python Packaging Advisory Database',
    file: 'requirements.txt',
    content: 'flask-login==1.0rc1\n',
  },
  {
    ecosystem: 'Go',
    name: 'example.com/Shop/mod',
    installed: 'v0.0.0-20240101000000-abcdefabcdef',
    fixed: '1.2.3',
    id: 'GO-2024-0001',
    source: 'The Go Vulnerability Database',
    file: 'go.mod',
    content: 'module example.com/shop\n\ngo 1.21\n\nrequire example.com/Shop/mod v0.0.0-20240101000000-abcdefabcdef\n',
  },
  {
    ecosystem: 'Maven',
    name: 'org.Example:Core',
    installed: '1.1.0-beta-2',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4443',
    source: 'GitHub Security Advisory Maven',
    file: 'gradle.lockfile',
    content: 'org.example:core:1.1.0-beta-2=runtimeClasspath\n',
  },
  {
    ecosystem: 'crates.io',
    name: 'tiny_http',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'RUSTSEC-2024-0001',
    source: 'RustSec Advisory Database',
    file: 'Cargo.lock',
    content:
      'version = 3\n\n[[package]]\nname = "tiny_http"\nversion = "1.1.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n',
  },
  {
    ecosystem: 'RubyGems',
    name: 'rack-cors',
    installed: '1.1.0.pre1',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4444',
    source: 'GitHub Security Advisory RubyGems',
    file: 'Gemfile.lock',
    content:
      'GEM\n  remote: https://rubygems.org/\n  specs:\n    rack-cors (1.1.0.pre1)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack-cors\n',
  },
  {
    ecosystem: 'NuGet',
    name: 'Example.Json',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4445',
    source: 'GitHub Security Advisory NuGet',
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
    id: 'GHSA-2222-3333-4446',
    source: 'GitHub Security Advisory Composer',
    file: 'composer.lock',
    content: json({ packages: [{ name: 'vendor/package', version: '1.1.0' }] }),
  },
  {
    ecosystem: 'Maven',
    name: 'org.example:web',
    installed: '2.0.Final',
    fixed: '2.1.Final',
    id: 'OSV-2024-1',
    source: 'Open Source Vulnerabilities',
    file: 'pom.xml',
    content: `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.example</groupId><artifactId>web</artifactId><version>2.0.Final</version></dependency>
  </dependencies>
</project>
`,
  },
  {
    ecosystem: 'Hex',
    name: 'phoenix',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4447',
    source: 'GitHub Security Advisory Erlang',
    file: 'mix.lock',
    content: '%{\n  "phoenix": {:hex, :phoenix, "1.1.0", "0a", [:mix], [], "hexpm", "0b"},\n}\n',
  },
  {
    ecosystem: 'Pub',
    name: 'http',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4448',
    source: 'GitHub Security Advisory Pub',
    file: 'pubspec.lock',
    content:
      'packages:\n  http:\n    dependency: "direct main"\n    description: { name: http, url: "https://pub.dev" }\n    source: hosted\n    version: "1.1.0"\n',
  },
  {
    ecosystem: 'SwiftURL',
    name: 'github.com/apple/swift-nio',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'GHSA-2222-3333-4449',
    source: 'GitHub Security Advisory Swift',
    file: 'Package.resolved',
    content: json({
      pins: [
        {
          identity: 'swift-nio',
          kind: 'remoteSourceControl',
          location: 'https://github.com/apple/swift-nio.git',
          state: { revision: '0a', version: '1.1.0' },
        },
      ],
      version: 2,
    }),
  },
  {
    ecosystem: 'CocoaPods',
    name: 'AFNetworking',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'OSV-2024-2',
    source: 'Open Source Vulnerabilities',
    file: 'Podfile.lock',
    content: 'PODS:\n  - AFNetworking (1.1.0)\n\nDEPENDENCIES:\n  - AFNetworking\n\nCOCOAPODS: 1.12.0\n',
  },
  {
    ecosystem: 'ConanCenter',
    name: 'zlib',
    installed: '1.1.0',
    fixed: '1.2.3',
    id: 'OSV-2024-3',
    source: 'Open Source Vulnerabilities',
    file: 'conan.lock',
    content: json({
      version: '0.5',
      requires: ['zlib/1.1.0#0a%1700000000.0'],
      build_requires: [],
      python_requires: [],
    }),
  },
]
