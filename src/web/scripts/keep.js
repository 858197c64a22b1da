// @ts-check
// Keeps what is being typed: at most once a minute while somebody types, when the page is left, and before the session
// ends. What is kept is no answer; it stands in the inputs again when the form is opened.

const PAUSE_MS = 60_000

/**
 * @param {HTMLFormElement} form
 * @param {string} address where to
 * @param {(text: string) => void} say what the person has to know
 */
export function keeping(form, address, say) {
  let kept = Date.now()
  let changed = false
  let sending = false

  /** `byItself`: nobody is there, so that it must not put off the end of the session. */
  const keep = ({ leaving = false, byItself = false } = {}) => {
    if (!changed || sending) return
    changed = false
    kept = Date.now()
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)))
    const headers = byItself ? { 'X-Enrol-Background': '1' } : undefined
    fetch(address, { method: 'POST', body, headers, keepalive: leaving })
      .then((answer) => {
        if (answer.redirected || answer.status === 403) say('Your session has ended. Sign in again in another tab, then go on here.')
        else if (answer.status === 409) say('A colleague has taken this form over. What you confirmed is kept.')
        else if (!byItself && !leaving) document.dispatchEvent(new CustomEvent('enrol:in-use'))
      })
      .catch(() => (changed = true))
  }
  form.addEventListener('input', () => {
    changed = true
    if (Date.now() - kept > PAUSE_MS) keep()
  })
  form.addEventListener('submit', () => (sending = true))
  addEventListener('pageshow', () => (sending = false))
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && keep({ leaving: true }))
  document.addEventListener('enrol:session-ends', () => keep({ byItself: true }))
}
