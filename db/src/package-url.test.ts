import { expect, test } from 'vitest'

import { normalPackageUrl } from './package-url.ts'

// The same forms as the native intake gives (native/crates/evidence/src/purl.rs).
test.each([
  ['pkg:npm/%40Angular/Core@1.0.0?a=b#c', 'pkg:npm/%40Angular/core', 'pkg:npm/%40Angular/core@1.0.0'],
  ['pkg:npm/@babel/core@7.0.0', 'pkg:npm/%40babel/core', 'pkg:npm/%40babel/core@7.0.0'],
  ['pkg:npm/@babel/core', 'pkg:npm/%40babel/core', null],
  ['pkg:PyPI/Django_Tools@1.0', 'pkg:pypi/django-tools', 'pkg:pypi/django-tools@1.0'],
  ['pkg:golang/github.com/Azure/x@v1.0.0', 'pkg:golang/github.com/azure/x', 'pkg:golang/github.com/azure/x@v1.0.0'],
  ['pkg:maven/org.Apache/Log4J@2', 'pkg:maven/org.Apache/Log4J', 'pkg:maven/org.Apache/Log4J@2'],
  ['pkg:deb/debian/curl@7.1:2-1?arch=amd64', 'pkg:deb/debian/curl', 'pkg:deb/debian/curl@7.1:2-1'],
  ['pkg:oci/alpine@sha256%3Aab', 'pkg:oci/alpine', 'pkg:oci/alpine@sha256:ab'],
  ['pkg://type/name@1+x', 'pkg:type/name', 'pkg:type/name@1%2Bx'],
  ['pkg:brew/open%2Fssl%25401.1@1.1.1w', 'pkg:brew/open%2Fssl%25401.1', 'pkg:brew/open%2Fssl%25401.1@1.1.1w'],
  ['pkg:type/é@1', 'pkg:type/%C3%A9', 'pkg:type/%C3%A9@1'],
])('normalPackageUrl(%s)', (text, base, versioned) => {
  expect(normalPackageUrl(text)).toEqual({ base, versioned })
})

test.each([
  '',
  'pkg:',
  'pkg:npm',
  'pkg:npm/',
  'npm/x',
  'pkg:1a/x',
  'pkg:npm/%ff',
  'https://example.org/pkg:npm/x',
  'pkg:npm/x/',
])('normalPackageUrl(%j) is null', (text) => {
  expect(normalPackageUrl(text)).toBeNull()
})
