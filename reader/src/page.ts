import { createHash } from 'node:crypto'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
form { display: flex; gap: .5rem; flex-wrap: wrap; }
input { flex: 1 1 20rem; font: inherit; padding: .4rem; }
select, button { font: inherit; padding: .4rem .8rem; }
#standing, .note { color: GrayText; }
#standing.stale { color: #b00020; font-weight: bold; }
article { border: 1px solid GrayText; border-radius: .4rem; padding: .5rem 1rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; margin: .2rem 0; overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 24rem; }
`

const script = `
'use strict'
const by = (id) => document.getElementById(id)
const make = (name, text) => Object.assign(document.createElement(name), { textContent: text })
const queries = {
  advisory: (text) => '/advisories/' + encodeURIComponent(text),
  text: (text) => '/advisories?text=' + encodeURIComponent(text),
  alias: (text) => '/advisories?alias=' + encodeURIComponent(text),
  package: (text) => '/advisories?package=' + encodeURIComponent(text),
  vex: (text) => '/vex?vulnerability=' + encodeURIComponent(text),
  product: (text) => '/vex?product=' + encodeURIComponent(text),
  component: (text) => '/sboms?component=' + encodeURIComponent(text),
  subject: (text) => '/sboms?subject=' + encodeURIComponent(text),
}
function showStanding(mirror) {
  const days = Math.floor(mirror.age_seconds / 86400)
  by('standing').className = mirror.stale ? 'stale' : ''
  by('standing').textContent = 'Evidence of ' + mirror.ledger_time + ', ' + days + ' days old, '
    + (mirror.stale ? 'STALE since ' : 'valid until ') + mirror.valid_until + '. ' + mirror.sources + ' sources'
    + (mirror.absent.length > 0 ? '; not held: ' + mirror.absent.join(', ') : '') + '.'
}
function showItem(item) {
  const article = document.createElement('article')
  article.append(make('h2', item.key))
  if (item.record.summary) article.append(make('p', item.record.summary))
  if (item.verdict) article.append(make('p', item.verdict + ': ' + item.reason))
  const details = document.createElement('details')
  details.append(make('summary', 'Record'), make('pre', JSON.stringify(item.record, null, 2)))
  article.append(details)
  if (item.document) {
    const link = make('a', 'Document as it was received')
    link.href = '/documents/' + item.document
    article.append(link)
  } else article.append(make('p', 'Its document was withheld.'))
  return article
}
async function ask(event) {
  event?.preventDefault()
  const [kind, text] = [by('kind').value, by('text').value.trim()]
  if (text === '') return
  location.hash = new URLSearchParams({ kind, text }).toString()
  const response = await fetch(queries[kind](text))
  const answer = await response.json()
  const found = by('found')
  found.replaceChildren()
  if (!response.ok) return void found.append(make('p', answer.detail))
  showStanding(answer.mirror)
  if (answer.items.length === 0) {
    const none = answer.covered ? 'Nothing was found, and the mirror covers the question.' : 'The mirror does not cover the question: that nothing was found says nothing.'
    found.append(make('p', none))
  }
  found.append(...answer.items.map(showItem))
  if (answer.next !== null) found.append(make('p', 'There are more.'))
}
async function begin() {
  by('form').addEventListener('submit', ask)
  const response = await fetch('/coverage')
  const told = await response.json()
  if (!response.ok) return void (by('standing').textContent = told.detail)
  showStanding(told.mirror)
  const rows = told.sources.map((source) => {
    const row = document.createElement('tr')
    row.append(...[source.source, String(source.records), source.newest_record ?? '', source.fetched_at].map((text) => make('td', text)))
    return row
  })
  by('sources').append(...rows)
  const changes = await (await fetch('/changelog?limit=50')).json()
  by('since').textContent = !changes.covered ? 'This mirror was imported whole: nothing says what it changes.'
    : 'Since ' + changes.since.ledger_time + (changes.next === null ? ':' : ', the first 50:')
  by('changes').append(...changes.items.map(({ kind, ...change }) => make('li', kind + ' ' + JSON.stringify(change))))
  const given = new URLSearchParams(location.hash.slice(1))
  if (given.has('text') && queries[given.get('kind')]) {
    by('kind').value = given.get('kind')
    by('text').value = given.get('text')
    await ask()
  }
}
begin()
`

const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vulnerability evidence</title>
<style>${style}</style>
</head>
<body>
<h1>Vulnerability evidence</h1>
<p id="standing">…</p>
<form id="form">
<label for="kind">Find</label>
<select id="kind">
<option value="text">advisories by words</option>
<option value="alias">advisories by alias, such as a CVE</option>
<option value="package">advisories by package URL</option>
<option value="advisory">an advisory by its id</option>
<option value="vex">VEX by vulnerability</option>
<option value="product">VEX by product</option>
<option value="component">SBOMs by component</option>
<option value="subject">SBOMs by subject</option>
</select>
<input id="text" name="text" aria-label="What to find" autofocus>
<button>Find</button>
</form>
<section id="found" aria-live="polite"></section>
<details>
<summary>Sources</summary>
<table>
<thead><tr><th>source</th><th>records</th><th>newest</th><th>fetched</th></tr></thead>
<tbody id="sources"></tbody>
</table>
</details>
<details>
<summary>Changes</summary>
<p id="since"></p>
<ul id="changes"></ul>
</details>
<script>${script}</script>
</body>
</html>
`

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The page for people, with nothing from elsewhere, and the headers that keep it so: it runs its own script alone, and speaks to its own address alone. */
export const page = {
  body,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  },
} as const
