import { spanText } from './facts.ts'
import type { Terminal } from './io.ts'

/** Work that is done sooner than this, in ms, needs no progress. */
const PATIENCE = 400

const FRAME = 120
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/**
 * Shows on a terminal that work is under way, once it takes long.
 * @param what in the words of the person who waits
 */
export function progress(terminal: Terminal, what: string): { end(): void } {
  if (!terminal.isAttended) return { end() {} }
  const { cyan, dim } = terminal.tones
  const started = Date.now()
  let frame = 0
  let timer = setTimeout(draw, PATIENCE)
  return {
    end() {
      clearTimeout(timer)
      if (frame > 0) terminal.mutter('\r\u001b[K')
    },
  }

  function draw(): void {
    const sign = cyan(SPINNER.charAt(frame++ % SPINNER.length))
    const since = spanText(Date.now() - started)
    terminal.mutter(
      `\r${sign} ${what}  ${dim(`${since} · Ctrl-C stops and keeps what is done`)}\u001b[K`,
    )
    timer = setTimeout(draw, FRAME)
  }
}
