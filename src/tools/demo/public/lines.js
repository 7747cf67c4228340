/** Lines of a file: how they differ from what was there before, and how JSON is coloured. Pure, no document. */

const MAX_CELLS = 4_000_000
const KEY = /^(\s*)"((?:[^"\\]|\\.)*)"\s*:/
const TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\],:]+)/g

/** Two lines are the same to a reader when only the comma at the end differs. */
function bare(text) {
  return text.replace(/,?\s*$/, '')
}

/**
 * Compares two states of a file line by line.
 * @returns for each line of `after`, the line of `before` that it was (`from`, else -1) and what happened to it
 *   (`mark`: 'added', 'changed' or null); and how many lines are gone
 */
export function compare(before, after) {
  const pairs = slid(pairUp(before.map(bare), after.map(bare)), after.map(bare))
  const lines = after.map((_, at) => ({ from: pairs[at], mark: null }))
  let removed = 0
  let was = 0
  for (let at = 0; at <= after.length; at++) {
    const start = at
    while (at < after.length && pairs[at] === -1) at++
    const end = at < after.length ? pairs[at] : before.length
    removed += markGap(before.slice(was, end), after, lines, start, at)
    was = end + 1
  }
  return { lines, removed }
}

/**
 * An inserted block that ends with what stands before it can be read in two ways, `} "user": {` or `"user": { }`:
 * it begins with its key.
 */
function slid(pairs, after) {
  for (let start = 0; start < pairs.length; start++) {
    if (pairs[start] !== -1 || KEY.test(after[start])) continue
    let end = start
    while (pairs[end] === -1) end++
    const isInsertion = end < pairs.length && pairs[end] === (pairs[start - 1] ?? -1) + 1
    if (!isInsertion || after[start] !== after[end]) continue
    pairs[start] = pairs[end]
    pairs[end] = -1
  }
  return pairs
}

/** Marks the lines that stand where others stood: same key at the same depth is changed, the rest added. */
function markGap(gone, after, lines, start, end) {
  const keys = gone.map((text) => KEY.exec(text)?.slice(1).join(':'))
  let changed = 0
  for (let at = start; at < end; at++) {
    const key = KEY.exec(after[at])?.slice(1).join(':')
    const found = key === undefined ? -1 : keys.indexOf(key)
    lines[at].mark = found === -1 ? 'added' : 'changed'
    if (found === -1) continue
    keys[found] = undefined
    changed++
  }
  return gone.length - changed
}

/** The longest common subsequence, after what both begin and end with. */
function pairUp(before, after) {
  const pairs = Array(after.length).fill(-1)
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) {
    pairs[head] = head++
  }
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before.at(-1 - tail) === after.at(-1 - tail)
  ) {
    tail++
    pairs[after.length - tail] = before.length - tail
  }
  const rows = before.length - head - tail
  const columns = after.length - head - tail
  if (rows * columns > MAX_CELLS) return pairs
  const lengths = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1))
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row][column] =
        before[head + row] === after[head + column]
          ? lengths[row + 1][column + 1] + 1
          : Math.max(lengths[row + 1][column], lengths[row][column + 1])
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (before[head + row] === after[head + column]) pairs[head + column++] = head + row++
    else if (lengths[row + 1][column] >= lengths[row][column + 1]) row++
    else column++
  }
  return pairs
}

/** Cuts a line of JSON into pieces with a class each; whatever is no JSON stays plain. Joined, they are the line. */
export function tokens(line) {
  const pieces = []
  let last = 0
  for (const match of line.matchAll(TOKEN)) {
    const [all, string, colon, number, word] = match
    if (match.index > last) pieces.push({ text: line.slice(last, match.index), look: null })
    if (string !== undefined && colon !== undefined) {
      pieces.push({ text: string, look: 'key' }, { text: colon, look: 'punctuation' })
    } else {
      const look = string ? 'string' : number ? 'number' : word ? 'boolean' : 'punctuation'
      pieces.push({ text: all, look })
    }
    last = match.index + all.length
  }
  if (last < line.length) pieces.push({ text: line.slice(last), look: null })
  return pieces
}

/** The keys that lead to a line, outermost first. */
export function keysOf(lines, at) {
  const keys = []
  let depth = Infinity
  for (let here = at; here >= 0; here--) {
    const indent = indentOf(lines[here])
    if (indent >= depth) continue
    depth = indent
    const key = KEY.exec(lines[here])?.[2]
    if (key !== undefined) keys.unshift(key)
  }
  return keys
}

/** How far a line is indented, in characters. */
export function indentOf(text) {
  return /^\s*/.exec(text)[0].length
}
