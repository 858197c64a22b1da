// @ts-check
// Makes the pages quicker where JavaScript is there; every page works without it.
import { initAll } from './govuk-frontend.min.js'
import { keeping } from './keep.js'
import './keying_times.js'
import './reception.js'
import './session.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

// "Left blank" and "not readable" exclude each other, and typing takes both back.
for (const field of document.querySelectorAll('[data-enrol-field]')) {
  const marks = /** @type {NodeListOf<HTMLInputElement>} */ (field.querySelectorAll('[data-enrol-mark]'))
  for (const mark of marks) {
    mark.addEventListener('change', () => {
      if (!mark.checked) return
      for (const other of marks) if (other !== mark) other.checked = false
    })
  }
  field.addEventListener('input', (event) => {
    const target = /** @type {HTMLElement} */ (event.target)
    if (target.hasAttribute('data-enrol-mark') || !target.hasAttribute('data-enrol-value')) return
    for (const mark of marks) mark.checked = false
  })
}

// What is typed on the page of the whole form is kept like what is typed at the desk.
const review = /** @type {HTMLFormElement | null} */ (document.querySelector('form[data-enrol-review]'))
const told = document.querySelector('[data-enrol-kept]')
if (review) keeping(review, `${review.getAttribute('action')}/desk/keep`, (text) => told && (told.textContent = text))

// Enter in a text field goes on to the next field instead of submitting half a form.
review?.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event)
  if (key !== 'Enter' || ctrlKey || metaKey) return
  if (!(target instanceof HTMLInputElement) || target.type === 'submit') return
  event.preventDefault()
  const stops = [...review.querySelectorAll('input:not([type=hidden]), textarea, button, summary')]
    .filter((stop) => stop instanceof HTMLElement && stop.offsetParent !== null && !stop.hasAttribute('data-enrol-mark'))
  const here = stops.indexOf(target)
  const name = target.type === 'radio' ? target.name : null
  const next = stops.slice(here + 1).find((stop) => !(stop instanceof HTMLInputElement && name && stop.name === name))
  if (next instanceof HTMLElement) {
    next.focus()
    next.closest('[data-enrol-field]')?.scrollIntoView({ block: 'nearest' })
    if (next instanceof HTMLInputElement && next.type === 'text') next.select()
  }
})

// How many fields still need an answer, counted as it is typed.
const counter = document.querySelector('[data-enrol-left]')
if (review && counter) {
  const fields = [...review.querySelectorAll('[data-enrol-attention]')]
  const answered = (/** @type {Element} */ field) =>
    [...field.querySelectorAll('input, textarea')].some((input) => {
      if (input instanceof HTMLInputElement && (input.type === 'radio' || input.type === 'checkbox')) return input.checked
      return /** @type {HTMLInputElement} */ (input).value.trim() !== ''
    })
  const count = () => {
    const left = fields.filter((field) => !answered(field)).length
    counter.textContent = left === 0 ? 'Every field has an answer' : left === 1 ? '1 field without an answer' : `${left} fields without an answer`
  }
  review.addEventListener('input', count)
  review.addEventListener('change', count)
  count()
}

// A table that moves sideways by itself can be moved with the keyboard.
for (const table of document.querySelectorAll('.govuk-table')) {
  new ResizeObserver(() => {
    if (table.scrollWidth > table.clientWidth) table.setAttribute('tabindex', '0')
    else table.removeAttribute('tabindex')
  }).observe(table)
}
