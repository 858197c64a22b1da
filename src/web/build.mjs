// Builds what the browser loads into dist/: one style sheet, a few JavaScript modules, one icon.
// GOV.UK Frontend's fonts, crest and icons are deliberately left out.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as sass from 'sass'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const govuk = join(here, 'node_modules/govuk-frontend')

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)

const { css } = sass.compile(join(here, 'styles/enrol.scss'), {
  style: 'compressed',
  loadPaths: [join(here, 'node_modules')],
  quietDeps: true,
})
for (const unwanted of ['GDS Transport', '@font-face', 'govuk-crest', 'crown']) {
  if (css.includes(unwanted)) throw new Error(`the style sheet must not contain "${unwanted}"`)
}
writeFileSync(join(dist, 'enrol.css'), css)
cpSync(join(govuk, 'dist/govuk/govuk-frontend.min.js'), join(dist, 'govuk-frontend.min.js'))
cpSync(join(here, 'scripts'), dist, { recursive: true })

const { version } = JSON.parse(readFileSync(join(govuk, 'package.json'), 'utf8'))
console.log(`dist: enrol.css ${Math.round(css.length / 1024)} kB, GOV.UK Frontend ${version}`)
