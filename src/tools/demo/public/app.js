import { openPanel } from './panel.js'
import { openSteps } from './steps.js'

/** The shop: forms and links work without this script; with it, the file beside the shop stays in sight. */

const steps = openSteps()
const panel = openPanel({ onRead: () => steps.done('read'), onExpired: follow })
const tabs = new BroadcastChannel('cabinet')
const regions = new Map(
  [...document.querySelectorAll('[data-region]')].map((element) => [
    element.dataset.region,
    element,
  ]),
)

let stream = null
let visits = 0

/** Follows this browser's session on the page that is open. The old stream ends when the new one speaks. */
function follow() {
  const old = stream
  const next = new EventSource(`/live?page=${encodeURIComponent(location.pathname)}`)
  stream = next
  next.addEventListener('look', (event) => {
    old?.close()
    if (stream !== next) return
    const look = JSON.parse(event.data)
    if (look.regions) draw(look.regions)
    panel.show(look.file)
    steps.observe(look.file)
  })
  next.addEventListener('moved', () => {
    old?.close()
    // the answer that brings the new cookie may still be on its way
    setTimeout(() => stream === next && follow(), 150)
  })
  next.addEventListener('open', () => panel.live(true))
  next.addEventListener('error', () => {
    if (stream !== next) return
    panel.live(false)
    if (next.readyState === EventSource.CLOSED) setTimeout(() => stream === next && follow(), 1000)
  })
}

/** Replaces the parts of the shop that are not what they were, and keeps the focus where it was. */
function draw(parts) {
  for (const [name, html] of Object.entries(parts)) {
    const element = regions.get(name)
    const fresh = document.createElement('template')
    fresh.innerHTML = html
    if (!element || element.innerHTML === fresh.innerHTML) continue
    const place = placeOf(document.activeElement, element)
    const typed = inputIn(element)?.value
    element.replaceChildren(fresh.content)
    if (typed !== undefined && inputIn(element)) inputIn(element).value = typed
    if (place !== -1) focusables(element)[place]?.focus()
  }
}

function inputIn(element) {
  return element.querySelector('input:not([type=hidden])')
}

function focusables(element) {
  return [...element.querySelectorAll('a[href], button, input:not([type=hidden])')]
}

function placeOf(active, element) {
  return element.contains(active) ? focusables(element).indexOf(active) : -1
}

/** Goes to a page, or sends a form, without leaving the file out of sight. */
async function visit(url, options) {
  const visit = ++visits
  document.body.classList.add('busy')
  try {
    const response = await fetch(url, options)
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    if (visit !== visits) return
    if (!page.querySelector('[data-region]')) throw new Error('not a page of the shop')
    const isElsewhere = response.url !== location.href
    if (isElsewhere) history.pushState(null, '', response.url)
    const parts = [...page.querySelectorAll('[data-region]')]
    draw(Object.fromEntries(parts.map((part) => [part.dataset.region, part.innerHTML])))
    if (isElsewhere && !options) regions.get('main').focus()
    follow()
    if (options) tabs.postMessage('changed')
  } catch {
    if (visit === visits) panel.live(false)
  } finally {
    if (visit === visits) document.body.classList.remove('busy')
  }
}

document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event
  event.preventDefault()
  const { pathname } = new URL(form.action)
  steps.sent(pathname)
  submitter?.classList.add('sending')
  void visit(form.action, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
  }).finally(() => submitter?.classList.remove('sending'))
})

document.addEventListener('click', (event) => {
  if (event.target.closest('.steps a')) panel.explainFirst()
  const link = event.target.closest('.shop a[href^="/"]')
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
  event.preventDefault()
  void visit(link.href)
})

addEventListener('popstate', () => void visit(location.href))
addEventListener('pageshow', (event) => event.persisted && follow())
addEventListener('pagehide', () => stream?.close())
tabs.addEventListener('message', follow)
follow()
