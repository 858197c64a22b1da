// @ts-check
// The page around a field: larger, smaller and along it, by keyboard or with its buttons.

/** @param {Element | null} picture */
export function sheet(picture) {
  if (!(picture instanceof SVGSVGElement)) return null
  const whole = { width: Number(picture.dataset.width), height: Number(picture.dataset.height) }
  const { x, y, width, height } = picture.viewBox.baseVal
  const field = { x, y, width, height }
  let view = { ...field }

  const show = () => {
    view.width = Math.min(Math.max(view.width, 15), whole.width)
    view.height = Math.min(Math.max(view.height, 10), whole.height)
    view.x = Math.min(Math.max(view.x, 0), whole.width - view.width)
    view.y = Math.min(Math.max(view.y, 0), whole.height - view.height)
    picture.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`)
  }
  /** Around the middle of the field, so that what matters stays in sight. */
  const zoom = (/** @type {number} */ factor) => {
    const [across, down] = [view.x + view.width / 2, view.y + view.height / 2]
    view.width *= factor
    view.height *= factor
    view.x = across - view.width / 2
    view.y = down - view.height / 2
    show()
  }
  const move = (/** @type {number} */ right, /** @type {number} */ down) => {
    view.x += right * view.width * 0.15
    view.y += down * view.height * 0.15
    show()
  }
  /** @type {Record<string, () => void>} */
  const ways = {
    in: () => zoom(0.75),
    out: () => zoom(1 / 0.75),
    page: () => ((view = { x: 0, y: 0, ...whole }), show()),
    field: () => ((view = { ...field }), show()),
  }
  const tools = document.querySelector('[data-enrol-sheet-tools]')
  if (tools instanceof HTMLElement) tools.hidden = false
  for (const button of tools?.querySelectorAll('[data-enrol-zoom]') ?? []) {
    button.addEventListener('click', () => ways[button.getAttribute('data-enrol-zoom') ?? '']?.())
  }
  picture.setAttribute('tabindex', '0')
  picture.setAttribute('focusable', 'true')
  picture.addEventListener('keydown', (event) => {
    /** @type {Record<string, () => void>} */
    const keys = {
      '+': ways.in,
      '=': ways.in,
      '-': ways.out,
      0: ways.field,
      ArrowLeft: () => move(-1, 0),
      ArrowRight: () => move(1, 0),
      ArrowUp: () => move(0, -1),
      ArrowDown: () => move(0, 1),
    }
    const way = keys[event.key]
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    way()
  })
  return { focus: () => (picture.focus(), picture.scrollIntoView({ block: 'nearest' }), true) }
}
