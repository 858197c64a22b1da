// A clerk clears forms at the desk with the keyboard alone, and once without JavaScript.
//
//   node desk.mjs --url http://127.0.0.1:8080 --user clerk --password-file FILE --truth FOLDER [--screens FOLDER]
//                 [--forms NUMBER] [--expire] [--no-javascript]
//
// --expire ends the session in the middle of the first form. Prints one JSON line with what it saw.
import { parseArgs } from 'node:util'
import { Stage, common } from './stage.mjs'

const { values: options } = parseArgs({
  options: { ...common, forms: { type: 'string', default: '1' }, expire: { type: 'boolean', default: false } },
})
const stage = await Stage.open(options)
let keys = 0
let fields = 0
/** Fields answered by taking another reading with its number. */
let taken = 0
let offeredSeen = false
const settled = []

/** The page. */
const page = await stage.page()
const press = async (key) => {
  keys += 1
  await page.keyboard.press(key)
}
/** Presses a key that leads to another page. */
const go = async (key) => {
  const arrived = page.waitForEvent('framenavigated')
  await press(key)
  await arrived
  await page.waitForLoadState()
}
const type = async (text) => {
  keys += text.length
  await page.keyboard.press('Control+A')
  if (text === '') await page.keyboard.press('Delete')
  else
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) await page.keyboard.press('Shift+Enter')
      await page.keyboard.type(line)
    }
}

/** What the truth says is to be typed: undefined where it says nothing. */
const partsOf = (kind, value) => (kind === 'date' && value != null ? value.split('-').reverse().map((part) => part.replace(/^0/, '')) : [value ?? ''])

/** The number of the box to mark in a row of radio buttons. */
async function boxOf(field, kind, value) {
  const values = await field.locator('[data-enrol-value]').evaluateAll((all) => all.map((input) => input.value))
  const nothing = kind === 'signature' ? 'false' : '-blank'
  const wanted = value == null ? nothing : String(value)
  return values.indexOf(wanted) + 1
}

/** Answers the step on the page by keyboard. */
async function answer(truth) {
  const all = await page.locator('[data-enrol-field]').all()
  for (const field of all) {
    fields += 1
    const name = await field.getAttribute('data-enrol-field')
    const kind = await field.getAttribute('data-kind')
    const known = truth && name in truth.fields
    const value = known ? truth.fields[name] : undefined
    if (kind === 'one_of' || kind === 'signature') {
      const number = await boxOf(field, kind, value)
      if (number < 1 || number > 9) {
        // More boxes than numbers: the arrows move among them.
        const wanted = value == null ? '-blank' : String(value)
        await field.locator('[data-enrol-value]').first().focus()
        for (let presses = 0; presses < 30; presses += 1) {
          await press('ArrowDown')
          if ((await page.evaluate(() => document.activeElement?.value)) === wanted) break
        }
      } else await press(String(number))
      continue
    }
    if (kind === 'any_of') {
      const boxes = await field.locator('[data-enrol-value]').all()
      for (const [index, box] of boxes.entries()) {
        const wanted = value === undefined ? await box.isChecked() : (value ?? []).includes(await box.inputValue())
        if (wanted !== (await box.isChecked())) {
          await box.focus()
          await press('Space')
        }
        if (index > 40) break
      }
      if ((await field.locator('[data-enrol-value]:checked').count()) === 0) return go('b')
      continue
    }
    const inputs = await field.locator('[data-enrol-value]').all()
    const here = await Promise.all(inputs.map((input) => input.inputValue()))
    const writing = await page.evaluate(() => document.activeElement?.matches('[data-enrol-value]') ?? false)
    if (value === null || (value === undefined && here.every((text) => text.trim() === ''))) return go(writing ? 'Alt+b' : 'b')
    const parts = value === undefined ? here : partsOf(kind, value)
    const asShown = parts.every((part, index) => part === here[index])
    if (asShown) continue
    const texts = await page.locator('[data-enrol-take]').evaluateAll((buttons) => buttons.map((button) => button.childNodes[1].textContent.trim()))
    const offered = texts.indexOf(parts.join(' '))
    if (offered >= 0) {
      taken += 1
      return go(writing ? `Alt+${offered + 1}` : String(offered + 1))
    }
    if (!writing) await press('e')
    for (const [index, part] of parts.entries()) {
      if (index > 0) await press('Tab')
      await type(part)
    }
  }
  await go('Enter')
}

/** The same without scripts: fields are filled and buttons pressed. */
async function answerPlainly(truth) {
  const all = await page.locator('[data-enrol-field]').all()
  for (const field of all) {
    fields += 1
    const name = await field.getAttribute('data-enrol-field')
    const kind = await field.getAttribute('data-kind')
    const known = truth && name in truth.fields
    const value = known ? truth.fields[name] : undefined
    const inputs = await field.locator('[data-enrol-value]').all()
    if (kind === 'one_of' || kind === 'signature') {
      await inputs[(await boxOf(field, kind, value)) - 1].check()
    } else if (kind === 'any_of') {
      for (const input of inputs) await input.setChecked((value ?? []).includes(await input.inputValue()))
      if (!value?.length) return page.locator('[data-enrol-action=blank]').click()
    } else {
      if (value === null) return page.locator('[data-enrol-action=blank]').click()
      if (value === undefined) {
        const here = await Promise.all(inputs.map((input) => input.inputValue()))
        if (here.every((text) => text.trim() === '')) return page.locator('[data-enrol-action=blank]').click()
      } else for (const [index, part] of partsOf(kind, value).entries()) await inputs[index].fill(part)
    }
  }
  await page.locator('[data-enrol-confirm]').click()
}

/** Goes through one form to its end. Returns its reference. */
async function clear(number) {
  const form = page.url().split('/')[4]
  const truth = await stage.truthOf(page, form)
  const reference = /F-\d+/.exec(await page.locator('h1').innerText())?.[0]
  const seen = new Set()
  for (let step = 0; step < 150; step += 1) {
    await page.waitForLoadState()
    if (page.url().endsWith('/finish')) break
    const groups = await page.locator('[data-enrol-field]').count()
    const kind = await page.locator('[data-enrol-field]').first().getAttribute('data-kind')
    const look = groups > 1 ? 'grid' : kind
    if (number === 0 && !seen.has(look) && ['grid', 'name', 'date'].includes(look)) {
      seen.add(look)
      await stage.inspect(page, `desk-${look}${options['no-javascript'] ? '-plain' : ''}`)
      if (!options['no-javascript']) await reflow()
      if (look === 'name' && !options['no-javascript']) {
        if (await page.locator('[data-enrol-back]').count()) await go('Escape')
        await page.goto(`${new URL(options.url).origin}/review/${form}/desk`)
        await help()
      }
    }
    if (!offeredSeen && (await page.locator('[data-enrol-take]').count()) > 1) {
      offeredSeen = true
      await stage.inspect(page, `desk-readings${options['no-javascript'] ? '-plain' : ''}`)
    }
    if (options.expire && number === 0 && step === 3) await expire()
    else if (await page.locator('.govuk-error-summary').count()) {
      stage.problems.push(`not taken: ${(await page.locator('.govuk-error-summary').innerText()).replaceAll('\n', ' ')} at ${page.url()}`)
      await page.locator('[data-enrol-action=unreadable]').click()
    } else if (options['no-javascript']) await answerPlainly(truth)
    else await answer(truth)
  }
  if (number === 0) await stage.inspect(page, 'desk-finish')
  if (options['no-javascript']) await page.locator('[data-enrol-confirm]').click()
  else await go('Enter')
  await page.waitForLoadState()
  if (!page.url().includes('done=')) {
    stage.problems.push(`${reference} was not settled: ${await page.locator('main').innerText()}`)
    return false
  }
  settled.push(reference)
  return true
}

/** The keys show as a dialog and go away again. */
async function help() {
  await page.locator('[data-enrol-confirm]').focus()
  await page.keyboard.press('?')
  const dialog = page.locator('dialog[open]')
  await dialog.waitFor()
  await stage.inspect(page, 'desk-keys')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

/** The session ends while somebody types: what was confirmed is still there. */
async function expire() {
  const before = await page.locator('.enrol-overview__facts strong').first().innerText()
  await page.context().clearCookies()
  await go('Enter')
  if (!page.url().includes('/sign-in')) stage.problems.push('an ended session must lead to the sign-in page')
  await stage.signIn(page)
  await page.waitForLoadState()
  if (!/\/review\/[^/]+\/desk/.test(page.url())) stage.problems.push(`after signing in: ${page.url()}`)
  const after = await page.locator('.enrol-overview__facts strong').first().innerText()
  if (after !== before) stage.problems.push(`${before} fields were done, now ${after}`)
}

/** The pages beside the desk; one row of a batch is confirmed with Enter. */
async function others() {
  const at = (path) => page.goto(`${new URL(options.url).origin}${path}`)
  await at('/review/batch?field=surname')
  await stage.inspect(page, 'batch')
  const rows = page.locator('[data-enrol-batch]')
  const before = await rows.count()
  if (before === 0) stage.problems.push('the batch of surnames is empty')
  else {
    const kept = page.waitForResponse((answer) => answer.request().method() === 'POST')
    await page.keyboard.press('Enter')
    await kept
    await page.locator('[data-enrol-batch]:not([hidden])').nth(0).waitFor()
    await at('/review/batch?field=surname')
  }
  for (const [path, name] of [['/review/aside', 'set-aside'], ['/review?referred=1', 'referred'], ['/accessibility', 'accessibility']]) {
    await at(path)
    await stage.inspect(page, name)
  }
  await at('/review')
}

/** At 400 % nothing but a table is wider than the window. */
async function reflow() {
  await page.setViewportSize({ width: 320, height: 256 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  if (wide > 321) stage.problems.push(`the desk is ${wide} pixels wide at 400 %`)
  await page.setViewportSize({ width: 1320, height: 900 })
}

try {
  await page.goto(options.url)
  await stage.signIn(page)
  await stage.inspect(page, 'desk-list')
  if (!options['no-javascript']) await others()
  for (let number = 0; number < Number(options.forms); number += 1) {
    const next = page.locator('[data-enrol-next]')
    if ((await next.count()) === 0) break
    await next.focus()
    if (options['no-javascript']) await next.click()
    else await go('Enter')
    if (!(await clear(number))) break
  }
  await page.goto(`${new URL(options.url).origin}/review/keys`)
  await stage.inspect(page, 'desk-own-keys')
} catch (error) {
  stage.problems.push(`${error.stack} at ${page.url()}`)
  await page.screenshot({ path: `${options.screens}/desk-failure.png`, fullPage: true }).catch(() => {})
} finally {
  const { findings, problems, screens } = stage
  console.log(JSON.stringify({ settled, fields, taken, keys, findings, problems, screens }))
  process.exitCode = findings.length === 0 && problems.length === 0 ? 0 : 1
  await stage.browser.close()
}
