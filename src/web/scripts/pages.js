// @ts-check
// The small picture of a sheet turns as soon as another turn is chosen; without scripts it does after the change.
for (const card of document.querySelectorAll('[data-enrol-sheet-card]')) {
  const turn = card.querySelector('[data-enrol-sheet-turn]')
  const picture = card.querySelector('[data-enrol-sheet-picture]')
  if (!(turn instanceof HTMLSelectElement) || !(picture instanceof HTMLImageElement)) continue
  const show = () => {
    const address = new URL(picture.src)
    if (address.searchParams.get('turn') === turn.value) return
    address.searchParams.set('turn', turn.value)
    picture.src = address.href
    const link = picture.closest('a')
    if (!link) return
    address.searchParams.set('large', 'true')
    link.href = address.href
  }
  turn.addEventListener('change', show)
  // A browser that goes back keeps what was chosen.
  show()
}
