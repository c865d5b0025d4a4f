// score.mjs SUITE RESULTS: what became of each test, as JSON lines: kind, outcome, id, name.
import fs from 'fs'
import { pathToFileURL } from 'url'

const [suite, file] = process.argv.slice(2)
const load = async (name) => (await import(pathToFileURL(`${suite}/tests/${name}`))).default
const groups = [...await load('index.mjs'), await load('surrogate-control.mjs')]
const results = JSON.parse(fs.readFileSync(file))

for (const group of groups) {
  for (const test of group.tests) {
    if (test.browser_only) continue
    const result = results[test.id]
    const passed = result === true
    const without = !passed && (test.depends_on || []).some((id) => results[id] !== true)
    const outcome = result === undefined ? 'untested' : passed ? 'pass' : without ? 'without' : 'fail'
    console.log(JSON.stringify({ kind: test.kind || 'required', outcome, id: test.id, name: test.name }))
  }
}
