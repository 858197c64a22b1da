// What every script here needs: a browser, a sign-in, axe, screenshots and the truth of a form.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Options that every script takes, for `parseArgs`. */
export const common = {
  url: { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  truth: { type: 'string' },
  screens: { type: 'string', default: 'target/screens' },
  'no-javascript': { type: 'boolean', default: false },
  chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
}

/** A browser and what it sees. */
export class Stage {
  findings = []
  problems = []
  screens = []

  static async open(options) {
    if (!options.url || !options.user || !options['password-file']) throw new Error('--url, --user and --password-file are needed')
    if (!existsSync(options.chromium)) throw new Error(`${options.chromium} is not there: install Debian's package chromium`)
    mkdirSync(options.screens, { recursive: true })
    const browser = await chromium.launch({
      executablePath: options.chromium,
      headless: true,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    return new Stage(options, browser)
  }

  constructor(options, browser) {
    this.options = options
    this.browser = browser
    this.password = readFileSync(options['password-file'], 'utf8').trimEnd()
  }

  /** A page of a browser of its own. `meant` are answers that the browser notes as errors and that are none. */
  async page(meant = /status of 422/, more = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1320, height: 900 },
      javaScriptEnabled: !this.options['no-javascript'],
      locale: 'en-GB',
      ...more,
    })
    const page = await context.newPage()
    page.on('console', (message) => message.type() === 'error' && !meant.test(message.text()) && this.problems.push(message.text()))
    page.on('pageerror', (error) => this.problems.push(String(error)))
    return page
  }

  /** Signs in by keyboard. */
  async signIn(page, user = this.options.user) {
    await page.locator('#user_name').focus()
    await page.keyboard.type(user)
    await page.keyboard.press('Tab')
    await page.keyboard.type(this.password)
    const arrived = page.waitForURL((url) => url.pathname !== '/sign-in')
    await page.keyboard.press('Enter')
    await arrived
  }

  /** A screenshot, and axe with the rules of WCAG 2.2 AA, in light and in dark. */
  async inspect(page, name) {
    const file = join(this.options.screens, `${name}.png`)
    await page.screenshot({ path: file })
    this.screens.push(file)
    if (this.options['no-javascript']) return
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme })
      if (colorScheme === 'dark') {
        const dark = join(this.options.screens, `${name}-dark.png`)
        await page.screenshot({ path: dark })
        this.screens.push(dark)
      }
      await page.evaluate(axeSource)
      const { violations } = await page.evaluate(() =>
        globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
      )
      for (const { id, help, nodes } of violations) {
        const where = nodes.slice(0, 3).map((node) => node.target.join(' '))
        this.findings.push({ page: `${name}, ${colorScheme}`, rule: id, help, where })
      }
    }
  }

  /** The truth of the form with that id, recognised by its set number or by its scans. */
  async truthOf(page, form) {
    if (!this.options.truth) return null
    const html = await (await page.request.get(new URL(`/review/${form}`, this.options.url).href)).text()
    const scans = [...html.matchAll(/data-enrol-scan="([^"]*)"/g)].map((match) => basename(match[1]))
    const setNumber = /data-enrol-set-number>(\d+)</.exec(html)?.[1]
    const truths = truthFiles(this.options.truth).map((path) => JSON.parse(readFileSync(path, 'utf8')))
    return (
      truths.find((truth) => setNumber && truth.set_number === setNumber) ??
      truths.find((truth) => truth.files.some((file) => scans.includes(basename(file)))) ??
      null
    )
  }
}

function truthFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return truthFiles(path)
    return entry.name === 'truth.json' || entry.name.endsWith('.truth.json') ? [path] : []
  })
}
