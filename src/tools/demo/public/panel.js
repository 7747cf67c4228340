import { compare, indentOf, keysOf, tokens } from './lines.js'

/** The session's file, as it is on disk. Everything from the file is put in as text, never as HTML. */

const TINT = 2400
const SPEAK_EVERY = 5000

const NOTES = {
  id: 'The session’s id: the name of this file, and what the cookie carries.',
  created: 'When the session began. It ends 30 days later, whatever happens.',
  expires: 'When it ends if nobody comes by. Write an earlier time here, and it ends then.',
  revision: 'How many commits have changed what is stored.',
  flash: 'For the next page only: it is gone once it was shown.',
  data: 'What the app sees as req.session.data. Change anything in here and save.',
  'data.cart': 'One line for each thing. Change a number and save: the cart follows.',
  'data.user': 'Who is logged in. Remove these lines and save: nobody is.',
  'data.user.role': 'Write "admin" here and save: the shop believes the file.',
  'data.race': 'Left by the race: ten lines, and a counter that ten requests raised at once.',
}

const FIRST = 'Put something into the cart, and its file appears here.'
const HOW_TO = 'Open the file in your editor, change something, save: the shop follows.'

const byId = (id) => document.getElementById(id)

/** Opens the panel. `onRead`: somebody looked at a line; `onExpired`: the session's time has come. */
export function openPanel({ onRead, onExpired }) {
  const code = byId('lines')
  const box = byId('lines-box')
  let file = null
  let hadFile = false
  let isFirst = true
  let texts = []
  let rows = []
  let active = -1
  let spokenAt = 0
  let expiresAt = NaN

  setInterval(tick, 1000)
  box.addEventListener('pointerover', ({ target }) =>
    explain(rows.indexOf(target.closest('.line'))),
  )
  box.addEventListener('pointerleave', () => explain(-1))
  box.addEventListener('click', ({ target }) => explain(rows.indexOf(target.closest('.line'))))
  box.addEventListener('blur', () => explain(-1))
  box.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step || rows.length === 0) return
    event.preventDefault()
    explain(Math.min(rows.length - 1, Math.max(0, active + step)))
    rows[active].scrollIntoView({ block: 'nearest' })
  })
  byId('copy').addEventListener('click', () => void copyPath())

  return {
    show(next) {
      const wasBroken = file?.isJson === false
      const isNewId = next !== null && file !== null && next.fullPath !== file.fullPath
      file = next
      hadFile ||= next !== null
      byId('file-head').hidden = box.hidden = !next
      byId('no-file').hidden = next !== null
      if (next) {
        head(next, isNewId)
        body(next)
        explain(active < rows.length ? active : -1)
        tick()
      } else showNothing(wasBroken)
      isFirst = false
    },
    /** Takes the reader by the hand. */
    explainFirst() {
      explain(rows.length > 1 ? 1 : -1)
    },
    live(isLive) {
      byId('live').classList.toggle('off', !isLive)
      byId('live').lastChild.textContent = isLive ? 'Live' : 'Waiting for the shop'
    },
  }

  function showNothing(wasBroken) {
    texts = []
    rows = []
    expiresAt = NaN
    code.replaceChildren()
    byId('no-file-what').textContent = hadFile ? 'no file any more' : 'no file yet'
    byId('no-file-why').textContent = wasBroken
      ? 'It was no session any more, so it was set aside in .vitrine/quarantine, and nothing of it is lost.'
      : hadFile
        ? 'The session has ended, and its file with it. Nothing is stored until the next one holds something.'
        : 'Nothing is stored until the session holds something.'
    explain(-1)
    if (!isFirst) speak('The file is gone')
  }

  function head(next, isNewId) {
    const cut = Math.max(next.path.lastIndexOf('/'), next.path.lastIndexOf('\\')) + 1
    byId('file-dir').textContent = next.path.slice(0, cut)
    byId('file-name').textContent = next.path.slice(cut)
    byId('size').textContent = `${next.size} B`
    if (!next.isJson) return
    const { revision, expires } = JSON.parse(next.text) ?? {}
    byId('revision').textContent = typeof revision === 'number' ? revision : '–'
    expiresAt = expires === 'never' ? Infinity : Date.parse(expires)
    if (!isNewId) return
    byId('new-id').hidden = false
    setTimeout(() => {
      byId('new-id').hidden = true
    }, TINT * 2)
  }

  /** Lines that stayed keep their element, so that a tint runs its time whatever comes after it. */
  function body(next) {
    const lines = next.text.replace(/\n$/, '').split('\n')
    const { lines: found, removed } = compare(texts, lines)
    const old = rows
    rows = found.map(({ from, mark }, at) => {
      const row = from === -1 ? newRow() : old[from]
      if (from === -1 || texts[from] !== lines[at]) fill(row, lines[at])
      if (mark && !isFirst) tint(row, mark, found[at - 1]?.mark !== mark)
      return row
    })
    texts = lines
    place(new Set(rows))
    if (isFirst) return
    const count = (mark) => found.filter((line) => line.mark === mark).length
    say({ added: count('added'), changed: count('changed'), removed })
  }

  function place(kept) {
    for (const row of Array.from(code.children)) if (!kept.has(row)) row.remove()
    rows.forEach((row, at) => {
      if (code.children[at] !== row) code.insertBefore(row, code.children[at] ?? null)
    })
  }

  function say(counts) {
    const parts = Object.entries(counts).filter(([, count]) => count > 0)
    if (parts.length === 0) return
    speak(`File changed: ${parts.map(([what, count]) => `${count} lines ${what}`).join(', ')}`)
  }

  function speak(text) {
    if (Date.now() - spokenAt < SPEAK_EVERY) return
    spokenAt = Date.now()
    byId('spoken').textContent = text
  }

  /** A line of the file, and what it means. */
  function explain(at) {
    rows[active]?.classList.remove('active')
    active = at
    rows[at]?.classList.add('active')
    const keys = at === -1 ? [] : keysOf(texts, at)
    let note
    while (keys.length > 0 && !(note = NOTES[keys.join('.')])) keys.pop()
    if (file && !file.isJson) {
      note = 'This is not JSON yet. The shop waits; at the next click it would set the file aside.'
    }
    byId('note').textContent = note ?? (file ? HOW_TO : FIRST)
    byId('note').classList.toggle('warn', file !== null && !file.isJson)
    if (at !== -1) onRead()
  }

  function tick() {
    if (!file) return
    byId('changed').textContent = ago(Date.now() - file.changedAt)
    byId('expires').textContent = expiresAt === Infinity ? 'never' : span(expiresAt - Date.now())
    if (expiresAt <= Date.now()) {
      expiresAt = NaN
      onExpired()
    }
  }

  async function copyPath() {
    const button = byId('copy')
    try {
      await navigator.clipboard.writeText(file.fullPath)
      button.textContent = 'Copied'
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling)
      button.textContent = 'Selected'
    }
    setTimeout(() => {
      button.textContent = 'Copy path'
    }, 1600)
  }
}

function newRow() {
  const row = document.createElement('span')
  row.className = 'line'
  return row
}

function fill(row, text) {
  row.style.setProperty('--indent', `${indentOf(text)}ch`)
  row.replaceChildren(
    ...tokens(text).map(({ text, look }) => {
      if (!look) return text
      const piece = document.createElement('span')
      piece.className = look
      piece.textContent = text
      return piece
    }),
  )
}

function tint(row, mark, withWord) {
  row.classList.remove('added', 'changed')
  row.classList.add(mark)
  if (withWord) row.dataset.word = mark
  clearTimeout(row.tint)
  row.tint = setTimeout(() => {
    row.classList.remove(mark)
    delete row.dataset.word
  }, TINT)
}

function ago(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 2) return 'just now'
  return `${span(ms)} ago`
}

function span(ms) {
  if (Number.isNaN(ms)) return '–'
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')}`
  return `${Math.floor(hours / 24)} days`
}
