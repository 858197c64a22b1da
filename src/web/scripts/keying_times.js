// @ts-check
// Measures how long somebody takes over a field and sends it with the form. Nothing else is measured, and a page that is
// not in sight is not timed.

/** Longer than this somebody was called away. */
const LONGEST = 120

/** Hidden inputs with the seconds of each field, in place of those of an earlier attempt. */
function write(/** @type {HTMLFormElement} */ form, /** @type {Map<string, number>} */ seconds) {
  for (const old of form.querySelectorAll('[data-enrol-seconds]')) old.remove()
  for (const [name, spent] of seconds) {
    const input = document.createElement('input')
    input.type = 'hidden'
    input.name = `seconds:${name}`
    input.value = spent.toFixed(2)
    input.setAttribute('data-enrol-seconds', '')
    form.append(input)
  }
}

// Many fields on one page: each is timed from entering it to leaving it.
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
  document.querySelectorAll('form[data-enrol-review], form[data-enrol-second]')
)) {
  /** @type {Map<string, number>} */
  const seconds = new Map()
  /** @type {string | null} */
  let inside = null
  let since = 0

  const leave = () => {
    if (inside !== null) {
      const spent = (performance.now() - since) / 1000
      seconds.set(inside, Math.min(LONGEST, (seconds.get(inside) ?? 0) + spent))
    }
    inside = null
  }
  /** @param {Element | null} element */
  const enter = (element) => {
    const name = element?.closest('[data-enrol-field]')?.getAttribute('data-enrol-field') ?? null
    if (name === inside) return
    leave()
    inside = name
    since = performance.now()
  }

  form.addEventListener('focusin', (event) => enter(/** @type {Element} */ (event.target)))
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) leave()
    else enter(form.contains(document.activeElement) ? document.activeElement : null)
  })
  form.addEventListener('submit', () => {
    leave()
    write(form, seconds)
  })
  // The field that had the focus when the page came.
  if (form.contains(document.activeElement)) enter(document.activeElement)
}

// One step on a page of its own, at the desk: it is looked at from the moment it comes, wherever the focus is. Boxes that
// are answered together share the time.
const desk = /** @type {HTMLFormElement | null} */ (document.querySelector('form[data-enrol-desk]'))
if (desk) {
  const names = [...desk.querySelectorAll('[data-enrol-field]')].map((field) => field.getAttribute('data-enrol-field') ?? '')
  let spent = Number(desk.dataset.enrolSpent)
  let since = performance.now()
  /** Counts the time until now, if the page was in sight until now. */
  const count = (/** @type {boolean} */ inSight) => {
    if (inSight) spent += (performance.now() - since) / 1000
    since = performance.now()
  }
  document.addEventListener('visibilitychange', () => count(document.hidden))
  desk.addEventListener('submit', () => {
    count(!document.hidden)
    write(desk, new Map(names.map((name) => [name, Math.min(LONGEST, spent / names.length)])))
  })
}
