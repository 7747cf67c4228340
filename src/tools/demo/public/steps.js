/** The strip of steps: each ticks itself off when it has really happened. */

const KEPT = 'cabinet-steps'

/** Opens the strip. */
export function openSteps() {
  const strip = document.getElementById('steps')
  const skip = document.getElementById('skip')
  const items = [...strip.querySelectorAll('[data-step]')]
  const done = new Set(JSON.parse(sessionStorage.getItem(KEPT) ?? '[]'))
  let leaving = false
  skip.hidden = false
  skip.addEventListener('click', () => {
    if (done.size >= items.length) done.clear()
    else strip.hidden = true
    draw()
  })
  draw()

  return {
    done: tick,

    /** A form went out. */
    sent(path) {
      leaving = path === '/logout'
    },

    /** What the file says now. */
    observe(file) {
      if (!file && leaving) tick('logout')
      if (!file?.isJson) return
      leaving = false
      const { data } = JSON.parse(file.text) ?? {}
      if (data?.cart && Object.keys(data.cart).length > 0) tick('add')
      if (data?.user?.name) tick('login')
      if (data?.user?.role === 'admin') tick('admin')
      if (data?.race && data.race.counter + Object.keys(data.race).length - 1 >= 20) tick('race')
    },
  }

  function tick(name) {
    if (done.has(name)) return
    done.add(name)
    draw()
  }

  function draw() {
    sessionStorage.setItem(KEPT, JSON.stringify([...done]))
    const next = items.find((item) => !done.has(item.dataset.step))
    for (const item of items) {
      const isDone = done.has(item.dataset.step)
      item.classList.toggle('done', isDone)
      item.querySelector('.state').textContent = isDone ? ' (done)' : ''
      if (item === next) item.setAttribute('aria-current', 'step')
      else item.removeAttribute('aria-current')
    }
    strip.classList.toggle('over', !next)
    skip.textContent = next ? 'Skip' : 'Start over'
  }
}
