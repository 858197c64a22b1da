// @ts-check
// Measures the seconds from entering a field to leaving it, and sends them with the form. Nothing else is measured, and a
// page that is not in sight is not timed.

/** Longer than this somebody was called away. */
const LONGEST = 120

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
    for (const old of form.querySelectorAll('[data-enrol-seconds]')) old.remove()
    for (const [name, spent] of seconds) {
      const input = document.createElement('input')
      input.type = 'hidden'
      input.name = `seconds:${name}`
      input.value = spent.toFixed(1)
      input.setAttribute('data-enrol-seconds', '')
      form.append(input)
    }
  })
  // The field that had the focus when the page came.
  if (form.contains(document.activeElement)) enter(document.activeElement)
}
