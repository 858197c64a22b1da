// @ts-check
// Keys of the desk and checks while typing. The page works without any of it.
import { keeping } from './keep.js'
import { sheet } from './sheet.js'

const desk = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-enrol-desk]'))
const finish = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-enrol-finish]'))
const form = desk ?? finish
/** @type {Record<string, string>} */
const keys = JSON.parse(form?.dataset.enrolKeys ?? '{}')
const confirmButton = /** @type {HTMLButtonElement | null} */ (form?.querySelector('[data-enrol-confirm]') ?? null)
const page = sheet(document.querySelector('[data-enrol-sheet]'))

/** @param {Element | null | undefined} element */
const click = (element) => element instanceof HTMLElement && (element.click(), true)
/** @param {EventTarget | null} target @returns {target is HTMLInputElement | HTMLTextAreaElement} */
const takesText = (target) =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text')

const inputs = () =>
  /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ ([...(desk?.querySelectorAll('[data-enrol-value]') ?? [])])

/** The first input, or in a group the box that is marked. */
function toValue() {
  const all = inputs()
  const first = all.find((input) => input instanceof HTMLInputElement && input.checked) ?? all[0]
  first?.focus()
  if (takesText(first ?? null)) first.select()
}

// Errors take the focus by themselves.
if (form && !document.querySelector('.govuk-error-summary')) {
  if (finish || form.dataset.enrolFocus === 'confirm') confirmButton?.focus()
  else toValue()
}

/** A number takes another reading, or marks the box of that number in the row with the focus. */
function byNumber(/** @type {number} */ number) {
  const taken = desk?.querySelector(`[data-enrol-take="${number}"]`)
  if (taken) return click(taken)
  const fields = [...(desk?.querySelectorAll('[data-enrol-field]') ?? [])]
  const here = document.activeElement?.closest('[data-enrol-field]') ?? fields[0]
  const box = /** @type {HTMLInputElement | undefined} */ (here?.querySelectorAll('[data-enrol-value]')[number - 1])
  if (!box || takesText(box)) return false
  box.focus()
  box.click()
  if (box.type !== 'radio') return true
  const next = fields[fields.indexOf(here) + 1]
  const options = /** @type {HTMLInputElement[]} */ ([...(next?.querySelectorAll('[data-enrol-value]') ?? [])])
  const to = options.find((option) => option.checked) ?? options[0]
  if (to) to.focus()
  else confirmButton?.focus()
  document.activeElement?.closest('[data-enrol-field]')?.scrollIntoView({ block: 'nearest' })
  return true
}

/** @param {string} action */
function act(action) {
  if (action === 'edit') return toValue(), true
  if (action === 'page') return page?.focus() ?? false
  if (action === 'list') return click(document.querySelector('[data-enrol-list]'))
  if (action === 'help') return help()
  return click(form?.querySelector(`[data-enrol-action="${action}"]`))
}

/** The keys as a dialog: made of what the page lists anyway. */
function help() {
  const list = document.querySelector('[data-enrol-help-inline] .govuk-details__text')
  if (!list) return false
  const dialog = document.createElement('dialog')
  dialog.className = 'enrol-help'
  dialog.setAttribute('aria-label', 'Keys')
  const heading = document.createElement('h2')
  heading.className = 'govuk-heading-m'
  heading.textContent = 'Keys'
  const close = document.createElement('button')
  close.className = 'govuk-button'
  close.type = 'button'
  close.textContent = 'Close'
  close.addEventListener('click', () => dialog.close())
  dialog.append(heading, ...[...list.children].map((child) => child.cloneNode(true)), close)
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  close.focus()
  return true
}

document.addEventListener('keydown', (event) => {
  if (!form || event.defaultPrevented || document.querySelector('dialog[open]')) return
  const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event
  const done = () => event.preventDefault()
  const text = takesText(target)
  if (key === 'Escape') {
    if (click(document.querySelector('[data-enrol-back]'))) done()
    return
  }
  if ((ctrlKey || metaKey) && key === 'z' && !(text && target.value !== target.defaultValue)) {
    if (act('undo')) done()
    return
  }
  if (ctrlKey || metaKey) return
  if (key === 'Enter' && target instanceof HTMLTextAreaElement && !shiftKey) {
    done()
    confirmButton?.click()
    return
  }
  // While somebody writes, letters are letters; with Alt they are keys.
  if (text && !altKey) return
  const letter = altKey && /^(Key|Digit)(.)$/.exec(event.code)?.[2]?.toLowerCase()
  const pressed = letter || key.toLowerCase()
  if (/^[1-9]$/.test(pressed)) {
    if (byNumber(Number(pressed))) done()
    return
  }
  const action = Object.keys(keys).find((name) => keys[name] === pressed)
  if (action && act(action)) done()
})

// One confirmation for one press, however often Enter repeats.
let sending = false
form?.addEventListener('submit', (event) => {
  if (sending) event.preventDefault()
  sending = true
})
addEventListener('pageshow', () => (sending = false))

if (desk) {
  const action = desk.getAttribute('action')
  /** What stands in the inputs, without the button. */
  const contents = () => new URLSearchParams(/** @type {any} */ (new FormData(desk)))
  const verdict = desk.querySelector('[data-enrol-verdict]')
  let asked = 0
  let timer = 0

  // Says politely what is wrong, once somebody stops typing; never touches what they type.
  const test = async () => {
    const question = ++asked
    const answer = await fetch(`${action}/test`, { method: 'POST', body: contents() }).catch(() => null)
    if (!answer?.ok || answer.redirected || question !== asked || !verdict) return
    const { message } = await answer.json()
    verdict.textContent = message
  }

  keeping(desk, `${action}/keep`, (text) => verdict && (verdict.textContent = text))
  desk.addEventListener('input', () => {
    clearTimeout(timer)
    timer = window.setTimeout(test, 400)
  })

  // The next pictures are cut while this field is looked at.
  for (const next of document.querySelectorAll('[data-enrol-next-crop]')) {
    new Image().src = next.getAttribute('data-enrol-next-crop') ?? ''
  }
}
