// @ts-check
// Reception: files go up one by one with a bar each, and the list of scans keeps itself up to date.

const LOOK_AGAIN_MS = 2000
const REST_MS = 15000

const list = document.querySelector('[data-enrol-scans]')

/** Fetches the newest rows; returns whether the machine still works on one of them. */
async function refresh() {
  if (!list) return false
  const answer = await fetch('/reception/rows', { headers: { 'X-Enrol-Background': '1' }, redirect: 'error' })
  if (!answer.ok) throw new Error(String(answer.status))
  const html = await answer.text()
  // A row that somebody has tabbed into stays as it is until they leave it.
  if (list.contains(document.activeElement)) return true
  if (list.innerHTML.trim() !== html.trim()) list.innerHTML = html
  return list.querySelector('[data-enrol-moving]') !== null
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** @param {number} pause until the list is looked at again */
function lookIn(pause) {
  clearTimeout(timer)
  timer = setTimeout(follow, pause)
}

/** Looks again and again: often while something moves, seldom otherwise, not at all in a hidden tab. */
async function follow() {
  let pause = REST_MS
  try {
    if (!document.hidden && (await refresh())) pause = LOOK_AGAIN_MS
  } catch {
    // Signed out or offline: the page stays as it is, and the next click tells.
    return
  }
  lookIn(pause)
}
if (list && !new URLSearchParams(location.search).has('before')) {
  lookIn(list.querySelector('[data-enrol-moving]') ? LOOK_AGAIN_MS : REST_MS)
}

/**
 * Sends one file.
 * @param {string} csrf
 * @param {string} centre where the forms were handed in, for somebody who has to say
 * @param {File} file
 * @param {HTMLProgressElement} bar
 * @returns {Promise<string[]>} what is wrong with it
 */
function send(csrf, centre, file, bar) {
  return new Promise((resolve) => {
    const body = new FormData()
    body.append('csrf', csrf)
    if (centre) body.append('centre', centre)
    body.append('files', file)
    const request = new XMLHttpRequest()
    request.open('POST', '/reception')
    request.setRequestHeader('Accept', 'application/json')
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total
    })
    request.addEventListener('load', () => {
      bar.value = 1
      try {
        resolve(JSON.parse(request.responseText).errors)
      } catch {
        resolve([`${file.name} was not taken. Load this page again and try once more`])
      }
    })
    request.addEventListener('error', () => resolve([`${file.name} did not get through. Check the connection and try again`]))
    request.send(body)
  })
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-enrol-upload]'))
const sending = document.querySelector('[data-enrol-sending]')
form?.addEventListener('submit', async (event) => {
  const inputs = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll('input[type=file]')])
  const files = inputs.flatMap((input) => [...(input.files ?? [])])
  if (files.length === 0 || !sending) return
  event.preventDefault()
  const csrf = /** @type {HTMLInputElement} */ (form.querySelector('input[name=csrf]')).value
  const centre = /** @type {HTMLSelectElement | null} */ (form.querySelector('select[name=centre]'))?.value ?? ''
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'))
  button.disabled = true
  sending.replaceChildren()
  let arrived = 0
  for (const file of files) {
    const line = document.createElement('p')
    line.className = 'govuk-body enrol-sending'
    const bar = document.createElement('progress')
    bar.max = 1
    bar.value = 0
    bar.setAttribute('aria-label', `Sending ${file.name}`)
    const text = document.createElement('span')
    text.textContent = ` ${file.name}`
    line.append(bar, text)
    sending.append(line)
    const errors = await send(csrf, centre, file, bar)
    if (errors.length === 0) {
      arrived += 1
      text.textContent = ` ${file.name} has arrived`
    } else {
      line.classList.add('govuk-error-message')
      text.textContent = ` ${errors.join('. ')}`
    }
  }
  const sum = document.createElement('p')
  sum.className = 'govuk-body govuk-!-font-weight-bold'
  sum.textContent = arrived === 1 ? '1 file has arrived.' : `${arrived} files have arrived.`
  sending.append(sum)
  for (const input of inputs) {
    input.value = ''
    input.dispatchEvent(new Event('change', { bubbles: true }))
  }
  button.disabled = false
  lookIn(LOOK_AGAIN_MS)
})
