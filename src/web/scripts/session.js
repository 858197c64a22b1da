// @ts-check
// Warns before the session ends for want of use, and leaves the page when it has ended, so that nobody who comes by
// reads what is on the screen. A page that talks to the server by itself on behalf of the person at it says so with the
// event `enrol:in-use`; one that keeps drafts hears `enrol:session-ends` shortly before the end.

const WARNING_SECONDS = 120
const LAST_CALL_SECONDS = 10

const dialog = document.querySelector('[data-enrol-session]')
if (dialog instanceof HTMLDialogElement) {
  const idle = Number(dialog.dataset.idleSeconds) * 1000
  const warning = Math.min(WARNING_SECONDS * 1000, idle / 2)
  const left = dialog.querySelector('[data-enrol-session-left]')
  const form = dialog.querySelector('form')
  const others = new BroadcastChannel('enrol-session')
  let end = 0
  let told = false

  const inUse = () => {
    end = Date.now() + idle
    told = false
    if (dialog.open) dialog.close()
  }
  const usedHere = () => {
    inUse()
    others.postMessage('in use')
  }
  // Another window of the same session was used.
  others.addEventListener('message', inUse)
  document.addEventListener('enrol:in-use', usedHere)
  usedHere()

  form?.addEventListener('submit', async (event) => {
    event.preventDefault()
    const body = new URLSearchParams()
    for (const [name, value] of new FormData(form)) body.append(name, String(value))
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' })
    if (answer.ok) usedHere()
    else leave()
  })
  // Escape is an answer too: the person is there.
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault()
    form?.requestSubmit()
  })

  const leave = () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`)

  setInterval(() => {
    const rest = end - Date.now()
    if (rest <= 0) return leave()
    if (rest <= LAST_CALL_SECONDS * 1000 && !told) {
      told = true
      document.dispatchEvent(new CustomEvent('enrol:session-ends'))
    }
    if (rest <= warning) {
      const minutes = Math.ceil(rest / 60000)
      const text = rest < 60000 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`
      if (left && left.textContent !== text) left.textContent = text
      if (!dialog.open) dialog.showModal()
    }
  }, 1000)
}
