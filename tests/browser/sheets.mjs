// A clerk looks at the pages of a form, turns one, is told what that does, does it and undoes it.
//
//   node sheets.mjs --url http://127.0.0.1:8080 --user clerk --password-file FILE [--screens FOLDER] [--no-javascript]
//
// Prints one JSON line with what it saw.
import { parseArgs } from 'node:util'
import { Stage, common } from './stage.mjs'

const { values: options } = parseArgs({ options: common })
const stage = await Stage.open(options)
const name = (what) => `pages${what}${options['no-javascript'] ? '-plain' : ''}`
const page = await stage.page()
const expect = (holds, what) => holds || stage.problems.push(`${what} at ${page.url()}`)

try {
  await page.goto(options.url)
  await stage.signIn(page)
  await page.locator('[data-enrol-form]').first().click()
  await page.waitForLoadState()
  const form = page.url().split('/')[4]
  // A fraction of an answer is worth keeping: the page says how many would be asked again.
  await page.goto(`${new URL(options.url).origin}/review/${form}/desk?field=primary_carer.surname`)
  await page.locator('[data-enrol-value]').first().fill('EXAMPLE')
  await page.locator('[data-enrol-confirm]').click()
  await page.waitForLoadState()

  await page.locator('[data-enrol-actions] summary').click()
  await page.locator('[data-enrol-actions] a', { hasText: 'Pages of the form' }).click()
  await page.waitForLoadState()
  const cards = page.locator('[data-enrol-sheet-card]')
  expect((await cards.count()) >= 3, 'there are fewer than three sheets')
  for (const picture of await page.locator('[data-enrol-sheet-picture]').all()) {
    await picture.scrollIntoViewIfNeeded()
    if (!options['no-javascript']) await picture.evaluate((image) => image.decode())
  }
  await page.evaluate(() => scrollTo(0, 0)).catch(() => {})
  await stage.inspect(page, name(''))
  if (!options['no-javascript']) {
    await page.setViewportSize({ width: 320, height: 256 })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(wide <= 321, `the pages are ${wide} pixels wide at 400 %`)
    await page.setViewportSize({ width: 1320, height: 900 })
  }

  // Nothing chosen: said at the top.
  await page.locator('#sheets button[type=submit]').click()
  await page.waitForLoadState()
  expect(await page.locator('.govuk-error-summary').count(), 'choosing nothing is not pointed out')

  const first = cards.first()
  await first.locator('[data-enrol-sheet-turn]').selectOption('180')
  if (!options['no-javascript']) {
    const picture = first.locator('[data-enrol-sheet-picture]')
    expect((await picture.getAttribute('src')).includes('turn=180'), 'the picture does not turn')
    await picture.evaluate((image) => image.decode())
    await stage.inspect(page, name('-turned'))
  }
  await page.locator('#sheets button[type=submit]').click()
  await page.waitForLoadState()
  expect((await page.locator('[data-enrol-effects]').innerText()).includes('turned upside down'), 'nothing is told')
  expect((await page.locator('main').innerText()).includes('1 answer'), 'the answer that is lost is not told of')
  await stage.inspect(page, name('-sure'))
  await page.locator('main button[type=submit]').click()
  await page.waitForLoadState()
  expect((await page.locator('[data-enrol-remark]').innerText()).includes('being read again'), 'it is not said to be read')
  await stage.inspect(page, name('-changed'))
  await page.locator('.enrol-undo button').click()
  await page.waitForLoadState()
  expect((await page.locator('.enrol-undo').count()) === 0, 'the change is still there')
  await page.goto(`${new URL(options.url).origin}/review/aside`)
  await stage.inspect(page, name('-list'))
} catch (error) {
  stage.problems.push(`${error.stack} at ${page.url()}`)
  await page.screenshot({ path: `${options.screens}/pages-failure.png`, fullPage: true }).catch(() => {})
} finally {
  const { findings, problems, screens } = stage
  console.log(JSON.stringify({ findings, problems, screens }))
  process.exitCode = findings.length === 0 && problems.length === 0 ? 0 : 1
  await stage.browser.close()
}
