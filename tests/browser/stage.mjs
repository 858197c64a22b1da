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
        // GOV.UK's drop zone hides a comma between the words on its button: whoever speaks them still hits it.
        if (id === 'label-content-name-mismatch' && nodes.every((node) => node.target.join() === '#files')) continue
        const where = nodes.slice(0, 3).map((node) => node.target.join(' '))
        this.findings.push({ page: `${name}, ${colorScheme}`, rule: id, help, where })
      }
    }
  }

  /** At 200 % and at 400 % of a window 1280 pixels wide nothing makes the page itself scroll sideways. */
  async reflow(page, name) {
    for (const [width, height, zoom] of [[640, 512, '200 %'], [320, 256, '400 %']]) {
      await page.setViewportSize({ width, height })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      if (wide > width) {
        const widest = await page.evaluate(
          (limit) =>
            [...document.querySelectorAll('main *')]
              .filter((element) => element.getBoundingClientRect().right > limit + 1)
              .slice(0, 3)
              .map((element) => `${element.tagName.toLowerCase()}.${element.className}`),
          width,
        )
        this.problems.push(`${name} is ${wide} pixels wide at ${zoom}: ${widest.join(', ')}`)
      }
    }
    await page.setViewportSize({ width: 1320, height: 900 })
  }

  /** Nothing moves for somebody who asked for less motion. */
  async stillness(page, name) {
    await page.emulateMedia({ reducedMotion: 'reduce' })
    const moving = await page.evaluate(() => {
      const seconds = (text) => Math.max(...text.split(',').map((part) => parseFloat(part) * (part.includes('ms') ? 0.001 : 1)))
      return [...document.querySelectorAll('*')]
        .filter((element) => {
          const style = getComputedStyle(element)
          return Math.max(seconds(style.transitionDuration), seconds(style.animationDuration)) > 0.001
        })
        .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)
    })
    if (moving.length > 0) this.problems.push(`${name} moves although it should not: ${moving.slice(0, 3).join(', ')}`)
    await page.emulateMedia({ reducedMotion: null })
  }

  /** A screenshot in colours of the reader's own (Windows high contrast). */
  async contrast(page, name) {
    await page.emulateMedia({ forcedColors: 'active' })
    await this.shot(page, `${name}-contrast`)
    await page.emulateMedia({ forcedColors: null })
  }

  async shot(page, name) {
    const file = join(this.options.screens, `${name}.png`)
    await page.screenshot({ path: file })
    this.screens.push(file)
  }

  /** Goes through the page with Tab: each stop looks different with the focus than without. Answers how many there are. */
  async focusVisible(page, name, most = 80) {
    const here = () =>
      page.evaluate(() => {
        const element = document.activeElement
        if (!element || element === document.body) return null
        const { x, y, width, height } = element.getBoundingClientRect()
        return { x, y, width, height, what: `${element.tagName.toLowerCase()} ${element.id || element.textContent?.trim().slice(0, 30)}` }
      })
    await page.evaluate(() => document.activeElement?.blur?.())
    let stops = 0
    for (; stops < most; stops += 1) {
      await page.keyboard.press('Tab')
      const stop = await here()
      if (!stop) break
      // What lies outside the window was not scrolled to, which is a fault of its own.
      const { width, height } = page.viewportSize()
      const clip = {
        x: Math.max(0, stop.x - 8),
        y: Math.max(0, stop.y - 8),
        width: Math.min(width, stop.x + stop.width + 8) - Math.max(0, stop.x - 8),
        height: Math.min(height, stop.y + stop.height + 8) - Math.max(0, stop.y - 8),
      }
      if (clip.width < 1 || clip.height < 1) {
        this.problems.push(`${name}: ${stop.what} has the focus out of sight`)
        continue
      }
      const focused = await page.screenshot({ clip })
      await page.evaluate(() => {
        globalThis.stopped = document.activeElement
        document.activeElement.blur()
      })
      const plain = await page.screenshot({ clip })
      if (focused.equals(plain)) this.problems.push(`${name}: ${stop.what} does not show the focus`)
      await page.evaluate(() => globalThis.stopped.focus())
    }
    return stops
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
