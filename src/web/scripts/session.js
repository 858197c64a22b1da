// @ts-check
// Warns before the session ends, and leaves the page when it has ended, so that nobody who comes by reads what is on the
// screen. It ends for want of use, which one key puts off, and after a working day in any case. A page that talks to the
// server by itself on behalf of the person at it says so with the event `enrol:in-use`; one that keeps drafts hears
// `enrol:session-ends` shortly before the end.

const WARNING_MS = 120_000
const LAST_WARNING_MS = 300_000
const LAST_CALL_MS = 10_000

const dialog = document.querySelector('[data-enrol-session]')
if (dialog instanceof HTMLDialogElement) {
  const idle = Number(dialog.dataset.idleSeconds) * 1000
  const last = Number(dialog.dataset.lastSeconds) * 1000
  /** When it is over in any case. */
  const lastEnd = Date.now() + last
  const lefts = dialog.querySelectorAll('[data-enrol-session-left]')
  const stay = /** @type {HTMLFormElement | null} */ (dialog.querySelector('[data-enrol-session-idle]'))
  const over = /** @type {HTMLFormElement | null} */ (dialog.querySelector('[data-enrol-session-last]'))
  const others = new BroadcastChannel('enrol-session')
  let idleEnd = 0
  let told = false
  /** Whether the person has seen that the day is over. */
  let read = false

  /** Whether it ends for want of use, rather than because the day is over. */
  const forWantOfUse = () => idleEnd < lastEnd
  const inUse = () => {
    idleEnd = Date.now() + idle
    told = false
    if (dialog.open && !stay?.hidden) dialog.close()
  }
  const usedHere = () => {
    inUse()
    others.postMessage('in use')
  }
  // Another window of the same session was used.
  others.addEventListener('message', inUse)
  document.addEventListener('enrol:in-use', usedHere)
  usedHere()

  stay?.addEventListener('submit', async (event) => {
    event.preventDefault()
    const body = new URLSearchParams()
    for (const [name, value] of new FormData(stay)) body.append(name, String(value))
    const answer = await fetch(stay.action, { method: 'POST', body, redirect: 'manual' })
    if (answer.ok) usedHere()
    else leave()
  })
  // Escape is an answer too: the person is there.
  dialog.addEventListener('cancel', (event) => {
    if (stay?.hidden) return
    event.preventDefault()
    stay?.requestSubmit()
  })
  dialog.addEventListener('close', () => (read = read || !over?.hidden))

  const leave = () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`)

  setInterval(() => {
    const rest = Math.min(idleEnd, lastEnd) - Date.now()
    if (rest <= 0) return leave()
    if (rest <= LAST_CALL_MS && !told) {
      told = true
      document.dispatchEvent(new CustomEvent('enrol:session-ends'))
    }
    const idles = forWantOfUse()
    const warning = idles ? Math.min(WARNING_MS, idle / 2) : Math.min(LAST_WARNING_MS, last / 2)
    if (rest > warning || (!idles && read)) return
    const minutes = Math.ceil(rest / 60_000)
    const text = rest < 60_000 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`
    for (const left of lefts) if (left.textContent !== text) left.textContent = text
    if (stay) stay.hidden = !idles
    if (over) over.hidden = idles
    if (!dialog.open) dialog.showModal()
  }, 1000)
}
