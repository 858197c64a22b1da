// Reception in a real browser: files are sent, each with its bar, and the list follows them without a reload.
//
//   node reception.mjs --url http://127.0.0.1:8080 --user rea --password-file FILE --files A,B [--screens FOLDER]
//                      [--rows NUMBER] [--no-javascript]
//
// Prints one JSON line with what it saw.
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
    files: { type: 'string' },
    rows: { type: 'string', default: '1' },
    screens: { type: 'string', default: 'target/screens' },
    'no-javascript': { type: 'boolean', default: false },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
})
const password = readFileSync(options['password-file'], 'utf8').trimEnd()
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
mkdirSync(options.screens, { recursive: true })
const findings = []
const seen = { findings, arrived: null, states: [], sending: '', problems: [] }

async function inspect(page, name) {
  await page.screenshot({ path: join(options.screens, `${name}.png`), fullPage: true })
  if (options['no-javascript']) return
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() =>
    // @ts-ignore axe is there now
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  for (const { id, help, nodes } of violations) {
    // GOV.UK's drop zone hides a comma between the words on its button: whoever speaks them still hits it.
    if (id === 'label-content-name-mismatch' && nodes.every((node) => node.target.join() === '#files')) continue
    findings.push({ page: name, rule: id, help, where: nodes.slice(0, 3).map((node) => node.target.join(' ')) })
  }
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
try {
  const context = await browser.newContext({ javaScriptEnabled: !options['no-javascript'], viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => seen.problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') seen.problems.push(message.text())
  })
  await page.goto(`${options.url}/sign-in`)
  await page.fill('#user_name', options.user)
  await page.fill('#password', password)
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])

  await page.goto(`${options.url}/reception/blanks`)
  await inspect(page, 'blanks')
  await page.goto(`${options.url}/reception`)
  await inspect(page, 'reception-empty')
  await page.locator('input#files, input#files-input').first().setInputFiles(options.files.split(','))
  const button = page.getByRole('button', { name: 'Upload', exact: true })
  await button.focus()
  if (options['no-javascript']) {
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
    seen.arrived = (await page.locator('.govuk-notification-banner__heading').innerText()).split('.')[0]
  } else {
    await page.keyboard.press('Enter')
    const sum = page.locator('[data-enrol-sending] > p').last()
    await sum.filter({ hasText: /arrived\.$/ }).waitFor({ timeout: 60_000 })
    seen.arrived = (await sum.innerText()).replace('.', '')
  }
  // The list moves by itself where there is JavaScript; without it, people look again.
  const tags = page.locator('[data-enrol-scans] .govuk-tag')
  for (let tries = 0; tries < 240; tries += 1) {
    const texts = await tags.allInnerTexts()
    for (const text of texts) if (!seen.states.includes(text)) seen.states.push(text)
    if (texts.length >= Number(options.rows) && texts.every((t) => !/read/i.test(t))) break
    await page.waitForTimeout(500)
    if (options['no-javascript']) await page.reload()
  }
  await inspect(page, options['no-javascript'] ? 'reception-plain' : 'reception')
  seen.sending = await page.locator('[data-enrol-sending]').innerHTML()
  await Promise.all([page.waitForNavigation(), page.locator('[data-enrol-scans] a').first().click()])
  await inspect(page, 'scan')
} finally {
  await browser.close()
}
console.log(JSON.stringify(seen))
