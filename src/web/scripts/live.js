// @ts-check
// How much work there is, as it changes. Asking for it does not keep a session alive.
const place = document.querySelector('[data-enrol-live]')
if (place) {
  const source = new EventSource('/review/events')
  source.addEventListener('work', (event) => {
    const { text } = JSON.parse(event.data)
    if (place.textContent !== text) place.textContent = text
  })
  // The server closes the stream after a while; whoever comes back to the page gets a new one with it.
  source.addEventListener('end', () => source.close())
  source.addEventListener('error', () => source.close())
}
