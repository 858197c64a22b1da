// Two clerks at two browsers: they race for forms, one loses her claim, and sessions end for want of use and for good.
//
//   node clerks.mjs --url http://127.0.0.1:8080 --user ada --other ben --password-file FILE [--screens FOLDER]
//
// What only the server can do (let a claim or a session run out) it asks for with a line {"ask": WHAT} and waits for a
// line on standard input. The last line it prints tells what it saw.
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Stage, common } from './stage.mjs'

const { values: options } = parseArgs({ options: { ...common, other: { type: 'string' } } })
const stage = await Stage.open(options)
const origin = new URL(options.url).origin
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const ask = async (what) => {
  console.log(JSON.stringify({ ask: what }))
  return (await lines.next()).value
}
const told = []
/** Notes what must be so. */
const must = (so, what) => (so ? told.push(what) : stage.problems.push(`not so: ${what}`))
const formOf = (page) => page.url().split('/')[4]
const dialog = (page) => page.locator('dialog[open]')
const surname = '[name="value:primary_carer.surname"]'
const firstName = '[name="value:primary_carer.first_name"]'
/** Shortly before the end: late enough for the last call, early enough that the page is still there. */
const LAST_SECONDS = 7
const go = async (page, act) => {
  const arrived = page.waitForEvent('framenavigated')
  await act()
  await arrived
  await page.waitForLoadState()
}
const field = (page, form, name) => page.goto(`${origin}/review/${form}/desk?field=${name}`)

async function clerk(user) {
  const page = await stage.page(/status of (409|422)/)
  await page.clock.install()
  await page.goto(options.url)
  await stage.signIn(page, user)
  return page
}

/** Both press Enter at the same moment, again and again, until nothing is left. */
async function race(ada, ben) {
  const taken = new Map()
  await Promise.all([ada.goto(`${origin}/review`), ben.goto(`${origin}/review`)])
  const next = async (page) => {
    await page.locator('[data-enrol-next]').focus()
    await go(page, () => page.keyboard.press('Enter'))
    return formOf(page)
  }
  const [one, other] = await Promise.all([next(ada), next(ben)])
  must(one !== other && one && other, 'two clerks who press Enter at the same moment get two forms')
  taken.set(ada, one).set(ben, other)
  return taken
}

/** Ada closes her laptop; Ben goes on where she stopped, and she is told. */
async function takenOver(ada, ben, form) {
  await field(ada, form, 'primary_carer.surname')
  await ada.locator(surname).fill('BEGUN')
  await go(ada, () => ada.locator('[data-enrol-confirm]').press('Enter'))
  await field(ben, form, 'primary_carer.surname')
  must((await ben.locator('h1, .govuk-body-l').allInnerTexts()).join(' ').includes('is working'), 'a form that a colleague has is not opened')
  await stage.inspect(ben, 'held-by-a-colleague')
  await field(ada, form, 'primary_carer.first_name')
  await ada.locator(firstName).fill('TYPED')
  await ask('claims run out')
  await field(ben, form, 'primary_carer.surname')
  must((await ben.locator(surname).inputValue()) === 'BEGUN', 'whoever goes on finds what was confirmed')
  await go(ada, () => ada.locator('[data-enrol-confirm]').press('Enter'))
  must((await ada.locator('main').innerText()).includes('is working on this form'), 'whoever lost the claim is told')
  await stage.inspect(ada, 'taken-over')
  await field(ben, form, 'primary_carer.first_name')
  must((await ben.locator(firstName).inputValue()) !== 'TYPED', 'what came too late was not stored')
}

/** The warning comes, one key puts the end off, and at the end nothing is lost. */
async function idle(page, form) {
  await field(page, form, 'primary_carer.first_name')
  await page.locator(firstName).fill('UNFINISHED')
  await ask('the session gets old')
  await page.clock.fastForward('13:10')
  await dialog(page).waitFor()
  must((await dialog(page).innerText()).includes('2 minutes'), 'the warning says how long is left')
  must(await page.evaluate(() => document.activeElement?.closest('dialog') !== null), 'the warning has the focus')
  await stage.inspect(page, 'session-warning')
  await stage.contrast(page, 'session-warning')
  await page.keyboard.press('Enter')
  await dialog(page).waitFor({ state: 'detached' })
  must((await page.locator(firstName).inputValue()) === 'UNFINISHED', 'staying signed in changes nothing on the page')
  must((await ask('is the session fresh?')) === 'yes', 'staying signed in counts as use')
  await ask('the session gets old')
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/desk/keep'))
  // Whatever the machine was busy with until here, the quarter of an hour begins now.
  await page.evaluate(() => document.dispatchEvent(new CustomEvent('enrol:in-use')))
  await page.clock.fastForward((15 * 60 - LAST_SECONDS) * 1000)
  must((await (await kept).request().headerValue('x-enrol-background')) === '1', 'what was being typed is kept before the end')
  must((await ask('is the session fresh?')) === 'no', 'keeping it does not put off the end')
  await ask('the session ends')
  const left = page.waitForURL((url) => url.pathname === '/sign-in')
  await page.clock.fastForward('00:20')
  await left
  must((await page.locator('main').innerText()).includes('You were signed out'), 'the page is left when the session has ended')
  await stage.inspect(page, 'signed-out')
  await stage.signIn(page)
  await page.waitForLoadState()
  must(formOf(page) === form, 'signing in again leads back to the form')
  await field(page, form, 'primary_carer.first_name')
  must((await page.locator(firstName).inputValue()) === 'UNFINISHED', 'what was being typed is still there')
}

/** After a working day the session ends whatever somebody does; the page of the whole form keeps what is typed too. */
async function lastHour(page, form) {
  await ask('the session has four minutes')
  await page.goto(`${origin}/review/${form}`)
  const began = await page.evaluate(() => Date.now())
  const seconds = Number(await page.locator('[data-enrol-session]').getAttribute('data-last-seconds'))
  await page.locator(firstName).fill('LATE')
  await page.clock.fastForward('02:10')
  await dialog(page).waitFor()
  must((await dialog(page).innerText()).includes('as long as one session may last'), 'the end of the day is announced')
  await stage.inspect(page, 'session-over')
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  await page.clock.fastForward('00:30')
  must((await dialog(page).count()) === 0, 'it is announced once')
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/desk/keep'))
  const gone = (await page.evaluate(() => Date.now())) - began
  await page.clock.fastForward((seconds - LAST_SECONDS) * 1000 - gone)
  await kept
  await ask('the session ends')
  const left = page.waitForURL((url) => url.pathname === '/sign-in')
  await page.clock.fastForward('00:20')
  await left
  await stage.signIn(page)
  await page.goto(`${origin}/review/${form}`)
  must((await page.locator(firstName).inputValue()) === 'LATE', 'what was typed on the page of the whole form is still there')
}

let ada
try {
  ada = await clerk(options.user)
  const ben = await clerk(options.other)
  const taken = await race(ada, ben)
  const form = taken.get(ada)
  await takenOver(ada, ben, form)
  await ask('claims run out')
  await idle(ada, form)
  await lastHour(ada, form)
} catch (error) {
  stage.problems.push(`${error.stack} at ${ada?.url()}`)
} finally {
  const { findings, problems } = stage
  console.log(JSON.stringify({ told, findings, problems }))
  process.exitCode = findings.length === 0 && problems.length === 0 ? 0 : 1
  await stage.browser.close()
  lines.return?.()
  process.stdin.destroy()
}
