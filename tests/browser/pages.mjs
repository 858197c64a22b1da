// Looks at pages one after the other: axe in light and in dark, zoom, less motion, a screenshot each.
//
//   node pages.mjs --url http://127.0.0.1:8080 --user all --password-file FILE --pages JSON [--screens FOLDER]
//
// --pages: a list of {name, path, status, stranger, focus}: what the page is called, where it is, what it answers with (200),
// whether nobody is signed in, and whether every stop of the keyboard has to show itself. Prints one JSON line.
import { parseArgs } from 'node:util'
import { Stage, common } from './stage.mjs'

const { values: options } = parseArgs({ options: { ...common, pages: { type: 'string' } } })
const stage = await Stage.open(options)
const pages = JSON.parse(options.pages)
const seen = []
const stops = {}

async function look(page, { name, path, status = 200, focus = false }) {
  const answer = await page.goto(new URL(path, options.url).href)
  if (answer?.status() !== status) stage.problems.push(`${name} (${path}) answers with ${answer?.status()}`)
  await stage.inspect(page, name)
  await stage.reflow(page, name)
  await stage.stillness(page, name)
  if (focus) {
    stops[name] = await stage.focusVisible(page, name)
    await stage.contrast(page, name)
  }
  seen.push(name)
}

try {
  // A page that is not there is a mistake to the browser.
  const meant = /status of (404|403)/
  const stranger = await stage.page(meant)
  for (const one of pages.filter((one) => one.stranger)) await look(stranger, one)
  const page = await stage.page(meant)
  await page.goto(options.url)
  await stage.signIn(page)
  for (const one of pages.filter((one) => !one.stranger)) await look(page, one)
} catch (error) {
  stage.problems.push(String(error.stack))
} finally {
  const { findings, problems } = stage
  console.log(JSON.stringify({ seen, stops, findings, problems }))
  process.exitCode = findings.length === 0 && problems.length === 0 ? 0 : 1
  await stage.browser.close()
}
