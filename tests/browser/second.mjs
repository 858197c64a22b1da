// Somebody keys fields again by keyboard in a real browser, and axe looks at the pages.
//
//   node second.mjs --url http://127.0.0.1:8080 --user ben --password-file FILE [--answers JSON] [--look PATHS]
//                   [--screens FOLDER] [--no-javascript]
//
// --answers: what to type, by field name. --look: further pages to inspect, with commas between.
// Prints one JSON line with what it saw. Exit code 1 when axe finds something or a page reports an error.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    user: { type: 'string' },
    'password-file': { type: 'string' },
    answers: { type: 'string', default: '{}' },
    look: { type: 'string', default: '' },
    screens: { type: 'string', default: 'target/screens' },
    'no-javascript': { type: 'boolean', default: false },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
})
if (!options.url || !options.user || !options['password-file']) {
  console.error('--url, --user and --password-file are needed')
  process.exit(2)
}
const password = readFileSync(options['password-file'], 'utf8').trimEnd()
const answers = JSON.parse(options.answers)
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
mkdirSync(options.screens, { recursive: true })

const findings = []
const problems = []
const keyed = []

async function inspect(page, name) {
  await page.screenshot({ path: join(options.screens, `${name}.png`), fullPage: true })
  if (options['no-javascript']) return
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() =>
    // @ts-ignore axe is there now
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  for (const { id, help, nodes } of violations) {
    findings.push({ page: name, rule: id, help, where: nodes.slice(0, 3).map((node) => node.target.join(' ')) })
  }
}

const browser = await chromium.launch({
  executablePath: options.chromium,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
try {
  const context = await browser.newContext({
    viewport: { width: 1320, height: 900 },
    javaScriptEnabled: !options['no-javascript'],
    locale: 'en-GB',
  })
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && problems.push(`${message.location().url}: ${message.text()}`))
  page.on('pageerror', (error) => problems.push(String(error)))

  await page.goto(options.url)
  await page.locator('#user_name').fill(options.user)
  await page.locator('#password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/review')

  await page.goto(new URL('/second', options.url).href)
  for (let fields = 0; fields < 50; fields += 1) {
    const field = page.locator('[data-enrol-second] [data-enrol-field]')
    if (!(await field.count())) break
    if (fields === 0) await inspect(page, 'second')
    const name = await field.getAttribute('data-enrol-field')
    if (!(name in answers)) {
      problems.push(`nobody told what stands in ${name}`)
      break
    }
    // The input has the focus already: type, Enter, next.
    const focused = await page.evaluate(() => document.activeElement?.id)
    if (focused !== 'value') problems.push(`${name}: the focus is on ${focused}`)
    await page.keyboard.type(answers[name])
    const gone = page.waitForEvent('framenavigated')
    await page.keyboard.press('Enter')
    await gone
    await page.waitForLoadState()
    keyed.push(name)
  }
  await inspect(page, 'second-done')
  for (const path of options.look.split(',').filter(Boolean)) {
    const answer = await page.goto(new URL(path, options.url).href)
    if (!answer?.ok()) problems.push(`${path}: ${answer?.status()}`)
    await inspect(page, path.replaceAll('/', ' ').trim().replaceAll(' ', '-'))
  }
  console.log(JSON.stringify({ keyed, findings, problems }))
  process.exitCode = findings.length === 0 && problems.length === 0 ? 0 : 1
} finally {
  await browser.close()
}
