import type { RejectReason, Report } from './events.ts'

/** One response header. A name may come more than once (`set-cookie`). */
export type Header = readonly [name: string, value: string]

/** What a transport may look at in a request. A web `Request` is one; adapters make one of theirs. */
export interface Incoming {
  readonly headers: { get(name: string): string | null | undefined }
  /** Whether the request came over TLS, by the adapter's or the app's own rule; a raw header is never trusted. */
  readonly secure?: boolean
  readonly method?: string | undefined
  readonly url?: string | undefined
}

/** Carries a ticket between client and server. */
export interface Transport {
  /** What a sealed ticket is bound to, so that one app's ticket does not open in another. */
  readonly name: string
  /** Whether tickets are signed; `undefined` where that depends on the request, or has no meaning. */
  readonly signed?: boolean | undefined
  /** Says where it can report, for example a cookie that the browser will not keep. */
  init?(report: Report): void
  /**
   * Every candidate ticket of a request, best first: a stray duplicate cookie must not log anybody out.
   * @param rejected told about each candidate whose signature does not verify
   */
  receive(
    request: Incoming,
    rejected?: (reason: RejectReason) => void,
  ): readonly string[] | Promise<readonly string[]>
  /**
   * The headers that hand a ticket to the client.
   * @param expiresAt milliseconds since the epoch; `Infinity`: never
   * @param now milliseconds since the epoch
   */
  send(
    ticket: string,
    expiresAt: number,
    now: number,
    request: Incoming,
  ): readonly Header[] | Promise<readonly Header[]>
  /** The headers that take the ticket away from the client. */
  clear(request: Incoming): readonly Header[]
}
