import { palette, wantsColour, type Palette } from './style.ts'

/** One of the program's two ways out. */
export interface Output {
  write(chunk: string | Uint8Array): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Everything the program sees of the world, so that a test can give it another one. */
export interface World {
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The `package.json` of this program. */
  readonly manifest: URL
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  now(): number
}

/** How to write to the two streams: data to one, words to the other. */
export interface Terminal {
  /** Colours of the data stream. */
  readonly colours: Palette
  /** Colours of the message stream. */
  readonly tones: Palette
  /** Whether the data goes to a terminal: then it is laid out for a reader, else for a program. */
  readonly isTerminal: boolean
  /** Whether messages go to a terminal. */
  readonly isAttended: boolean
  /** Whether somebody is there to answer a question. */
  readonly canAsk: boolean
  /** In columns. */
  readonly width: number
  /** A line of data. */
  line(text: string): void
  /** A line of words: never data. */
  say(text: string): void
  /** Words without a line break, for a question or for what is overwritten. */
  mutter(text: string): void
}

/** @param noColour whether `--no-color` was given */
export function terminalOf(world: World, noColour: boolean): Terminal {
  const { stdout, stderr, env } = world
  const isTerminal = stdout.isTTY === true
  const isAttended = stderr.isTTY === true
  const asked = Number(env['COLUMNS'])
  return {
    colours: palette(wantsColour(env, isTerminal, noColour)),
    tones: palette(wantsColour(env, isAttended, noColour)),
    isTerminal,
    isAttended,
    get canAsk() {
      return isAttended && world.stdin.isTTY === true
    },
    width: Math.max(20, asked > 0 ? asked : (stdout.columns ?? 80)),
    line: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    mutter: (text) => void stderr.write(text),
  }
}

/** Reads all of standard input. */
export async function readInput(world: World): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of world.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Reads one line that a person types; empty when the input ends or the person interrupts. */
export async function readLine(world: World): Promise<string> {
  const line = (async () => {
    let text = ''
    for await (const chunk of world.stdin) {
      text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)
      if (text.includes('\n')) break
    }
    return text.split('\n', 1)[0] ?? ''
  })()
  const interrupted = new Promise<string>((resolve) => {
    world.signal.addEventListener('abort', () => resolve(''), { once: true })
  })
  return (await Promise.race([line, interrupted])).trim()
}
