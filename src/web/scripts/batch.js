// @ts-check
// Rows of a batch are confirmed in place; without scripts each leads to the page anew.
const rows = /** @type {HTMLFormElement[]} */ ([...document.querySelectorAll('[data-enrol-batch]')])
const said = document.querySelector('[data-enrol-batch-said]')

/** The first row after `row` that is not done. */
const next = (/** @type {HTMLFormElement} */ row) =>
  [...rows.slice(rows.indexOf(row) + 1), ...rows].find((other) => !other.hidden && other !== row)

for (const row of rows) {
  row.addEventListener('submit', async (event) => {
    const { submitter } = /** @type {SubmitEvent} */ (event)
    event.preventDefault()
    const body = new URLSearchParams(/** @type {any} */ (new FormData(row, submitter)))
    const answer = await fetch('/review/batch', { method: 'POST', body }).catch(() => null)
    // What was not taken is shown by the page itself.
    if (!answer?.ok || new URL(answer.url).pathname !== '/review/batch') return row.submit()
    const to = next(row)
    row.hidden = true
    if (said) said.textContent = `Kept. ${rows.filter((other) => !other.hidden).length} left on this page.`
    const input = to?.querySelector('input[name=value]')
    if (input instanceof HTMLInputElement) {
      input.focus()
      input.select()
      to?.scrollIntoView({ block: 'nearest' })
    } else location.reload()
  })
}
const first = rows.find((row) => row.querySelector('.govuk-input--error')) ?? rows[0]
const input = first?.querySelector('input[name=value]')
if (input instanceof HTMLInputElement) input.focus()
