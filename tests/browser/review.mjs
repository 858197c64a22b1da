// A clerk clears one form by keyboard in a real browser; axe looks at every page; screenshots are kept.
//
//   node review.mjs --url http://127.0.0.1:8080 --user clerk --password-file FILE [--truth FOLDER] [--screens FOLDER]
//                   [--form REFERENCE] [--no-javascript]
//
// Prints one JSON line with what it saw. Exit code 1 when axe finds something or the form is not settled.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    user: { type: 'string' },
    'password-file': { type: 'string' },
    truth: { type: 'string' },
    screens: { type: 'string', default: 'target/screens' },
    form: { type: 'string' },
    'no-javascript': { type: 'boolean', default: false },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
})
if (!options.url || !options.user || !options['password-file']) {
  console.error('--url, --user and --password-file are needed')
  process.exit(2)
}
if (!existsSync(options.chromium)) {
  console.error(`${options.chromium} is not there: install Debian's package chromium`)
  process.exit(2)
}
const password = readFileSync(options['password-file'], 'utf8').trimEnd()
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
mkdirSync(options.screens, { recursive: true })

const findings = []
const problems = []
const screens = []

/** Runs axe with the rules of WCAG 2.2 AA, in a context of its own that the page's policy does not reach. */
async function inspect(page, name) {
  const file = join(options.screens, `${name}.png`)
  await page.screenshot({ path: file, fullPage: true })
  screens.push(file)
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

/** The truth of the form on the page, recognised by its set number or by its scans. */
function truthOf(setNumber, scans) {
  if (!options.truth) return null
  const files = (folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return files(path)
      return entry.name === 'truth.json' || entry.name.endsWith('.truth.json') ? [path] : []
    })
  const truths = files(options.truth).map((path) => JSON.parse(readFileSync(path, 'utf8')))
  const names = scans.map((scan) => basename(scan))
  return (
    truths.find((truth) => setNumber && truth.set_number === setNumber) ??
    truths.find((truth) => truth.files.some((file) => names.includes(basename(file)))) ??
    null
  )
}

/** Waits until every picture in sight has come. Asked from here, since a page without scripts has no timers either. */
async function pictures(page) {
  await page.evaluate(() => {
    // Those below the fold too: a screenshot of the whole page shows them.
    for (const image of document.images) image.loading = 'eager'
  })
  for (let tries = 0; tries < 300; tries += 1) {
    const waiting = await page.evaluate(
      () => [...document.images].filter((image) => image.offsetParent !== null && !image.complete).length,
    )
    if (waiting === 0) return
    await page.waitForTimeout(100)
  }
  problems.push(`pictures are missing on ${new URL(page.url()).pathname}`)
}

/** Moves the focus to `locator` with Tab alone, as somebody without a mouse has to. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 400; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error('the keyboard does not reach an input')
}

/** Replaces what stands in the focused input. */
async function retype(page, text) {
  await page.keyboard.press('Control+A')
  if (text === '') await page.keyboard.press('Delete')
  else await page.keyboard.type(text)
}

/** Settles the field that asks for a decision, by keyboard. */
async function settle(page, field, truth) {
  const name = await field.getAttribute('data-enrol-field')
  const kind = await field.getAttribute('data-kind')
  const known = truth && name in truth.fields
  const value = known ? truth.fields[name] : undefined
  const input = (part) => field.locator(`[name="${part}:${name}"]`)
  const tick = async (box) => {
    await tabTo(page, box)
    if (!(await box.isChecked())) await page.keyboard.press('Space')
  }
  const choose = async (wanted) => {
    // Radio buttons are one stop; the arrow keys move among them.
    const radios = await input('value').all()
    const checked = field.locator('input[type=radio]:checked')
    await tabTo(page, (await checked.count()) ? checked.first() : radios[0])
    await page.keyboard.press('Space')
    for (let presses = 0; presses <= radios.length; presses += 1) {
      const here = await page.evaluate(() => /** @type {HTMLInputElement} */ (document.activeElement).value)
      if (here === wanted) return
      await page.keyboard.press('ArrowDown')
    }
    throw new Error(`${name} has no answer ${wanted}`)
  }
  if (kind === 'one_of' || kind === 'signature') {
    if (value === undefined) {
      const chosen = await field.locator('input:checked').count()
      if (!chosen) await choose(kind === 'signature' ? 'true' : '-blank')
    } else await choose(value === null ? (kind === 'signature' ? 'false' : '-blank') : String(value))
    return
  }
  if (kind === 'any_of') {
    for (const box of await input('value').all()) {
      const wanted = value === undefined ? await box.isChecked() : (value ?? []).includes(await box.inputValue())
      if (wanted !== (await box.isChecked())) {
        await tabTo(page, box)
        await page.keyboard.press('Space')
      }
    }
    if (!(await field.locator('input[data-enrol-value]:checked').count())) await tick(field.locator('[id^="blank-"]'))
    return
  }
  const parts = kind === 'date' ? ['day', 'month', 'year'] : ['value']
  const texts = value == null ? [] : kind === 'date' ? value.split('-').reverse() : [value]
  for (const [index, part] of parts.entries()) {
    await tabTo(page, input(part))
    if (value !== undefined) await retype(page, texts[index] ?? '')
  }
  const empty = (await Promise.all(parts.map((part) => input(part).inputValue()))).every((text) => text.trim() === '')
  if (empty) await tick(field.locator('[id^="blank-"]'))
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
  // The browser notes every answer that is no success: 422 (the mistake made below on purpose) and 403 (a clerk at the
  // reception page) are meant.
  const meant = /status of (422|403)/
  page.on('console', (message) => message.type() === 'error' && !meant.test(message.text()) && problems.push(message.text()))
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (response.status() === 403 && pathname !== '/reception') problems.push(`${pathname} was refused`)
  })
  page.on('pageerror', (error) => problems.push(String(error)))

  await page.goto(options.url)
  await inspect(page, 'sign-in')
  await page.locator('#user_name').focus()
  await page.keyboard.type(options.user)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/review')
  await inspect(page, 'forms-to-check')

  const link = options.form
    ? page.locator('[data-enrol-form]', { hasText: options.form })
    : page.locator('[data-enrol-form]').first()
  const reference = (await link.innerText()).trim()
  await tabTo(page, link)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-enrol-review]')
  await pictures(page)
  const broken = await page.evaluate(
    () => [...document.images].filter((image) => image.offsetParent !== null && image.naturalWidth === 0).length,
  )
  if (broken) problems.push(`${broken} pictures are missing on the review page`)
  await inspect(page, 'review')
  await page.setViewportSize({ width: 1320, height: 900 })
  await page.screenshot({ path: join(options.screens, 'review-top.png') })

  const scans = await page.locator('[data-enrol-scan]').evaluateAll((all) => all.map((e) => e.getAttribute('data-enrol-scan')))
  const setNumber = (await page.locator('[data-enrol-set-number]').textContent())?.trim() ?? ''
  const truth = truthOf(/^\d+$/.test(setNumber) ? setNumber : null, scans)

  // First the mistake everybody makes: sending the form with questions left open.
  const finish = page.getByRole('button', { name: 'Finish this form' })
  const open = await page.locator('[data-enrol-attention] [name^="value:consent."]').count()
  if (open) {
    await finish.focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.govuk-error-summary')
    if (!options['no-javascript']) {
      await page
        .waitForFunction(() => document.activeElement?.classList.contains('govuk-error-summary'), null, { timeout: 5000 })
        .catch(() => problems.push('the error summary does not take the focus'))
    }
    await inspect(page, 'review-errors')
    await page.screenshot({ path: join(options.screens, 'review-errors-top.png') })
    await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur())
  }
  const started = Date.now()
  const fields = await page.locator('[data-enrol-attention]').all()
  for (const field of fields) await settle(page, field, truth)
  await tabTo(page, finish)
  const arrived = page.waitForEvent('framenavigated')
  await page.keyboard.press('Enter')
  await arrived
  await page.waitForLoadState()
  const settled = page.url().includes('done=')
  await inspect(page, settled ? 'settled' : 'not-settled')
  if (!settled) problems.push(`the form was not settled: ${await page.locator('.govuk-error-summary').allInnerTexts()}`)
  else {
    await tabTo(page, page.getByRole('link', { name: 'See the record' }))
    await page.keyboard.press('Enter')
    await page.waitForURL('**/households/*')
    await pictures(page)
    await inspect(page, 'record')
  }
  const reception = await page.goto(new URL('/reception', options.url).href)
  if (reception?.ok()) await inspect(page, 'reception')

  console.log(
    JSON.stringify({ reference, fields: fields.length, seconds: Math.round((Date.now() - started) / 1000), settled, findings, problems, screens }),
  )
  process.exitCode = settled && findings.length === 0 && problems.length === 0 ? 0 : 1
} finally {
  await browser.close()
}
