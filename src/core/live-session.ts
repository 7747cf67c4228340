import { cloneJson } from './copy.ts'
import { copyJson, formatPath, isPlainObject, type JsonObject } from './data.ts'
import { VitrineError } from './errors.ts'
import { guard } from './guard.ts'
import { copyLate, snapshot } from './late-copy.ts'
import { milliseconds, type Duration } from './policy.ts'
import { replayable } from './replay.ts'
import type { SessionState } from './state.ts'
import type { Session } from './session.ts'
import type { SessionData } from './store.ts'
import type { Incoming } from './transport.ts'

/** The engine's side of a session: its state, kept out of the app's sight. */
export class LiveSession implements Session {
  readonly #state: SessionState

  constructor(state: SessionState) {
    this.#state = state
  }

  /**
   * @throws VitrineError `DESTROYED` when the session is not one of this engine's
   */
  static stateOf(session: object, owner: object): SessionState {
    if (!(#state in session) || session.#state.owner !== owner) {
      throw new VitrineError(
        'DESTROYED',
        'Cannot use this session here: it belongs to another engine',
      )
    }
    return session.#state
  }

  /** The request that an engine opened a session for; `null` when it did not. */
  static requestOf(session: object, owner: object): Incoming | null {
    return #state in session && session.#state.owner === owner ? session.#state.request : null
  }

  get id(): string {
    const state = this.#state
    return (state.id ??= state.createId())
  }

  get isNew(): boolean {
    this.#look()
    return this.#state.record === null
  }

  get createdAt(): number {
    const { record, fresh } = this.#look()
    return (record ?? fresh).createdAt
  }

  get expiresAt(): number {
    const { record, fresh } = this.#look()
    return (record ?? fresh).expiresAt
  }

  get data(): SessionData {
    const state = this.#look()
    state.data ??= copyLate(state.pristine)
    return state.late ? guard(state.data, state.late, []) : state.data
  }

  set data(value: SessionData) {
    if (!isPlainObject(value)) {
      throw new VitrineError('INVALID', 'Cannot set session.data: it must be a plain object')
    }
    if (this.#mayChange('data')) this.#state.data = value
  }

  update(change: (data: SessionData) => void): void {
    const state = this.#state
    if (!this.#mayChange('data')) return
    const { data } = this
    const copy = () => snapshot(data, state.maxDepth)
    state.replays = [...state.replays, replayable(data, change, copy)]
  }

  flash(key: string, value?: unknown): unknown {
    const state = this.#look()
    const left = arguments.length === 1 ? (state.record?.flash ?? {}) : null
    if (left && (!Object.hasOwn(left, key) || state.flashTaken?.has(key))) return undefined
    if (!this.#mayChange(`flash ${formatPath([key])}`)) return undefined
    if (left) {
      state.flashTaken = new Set(state.flashTaken).add(key)
      return cloneJson(left[key])
    }
    state.flashSet = {
      ...state.flashSet,
      ...(copyJson({ [key]: value }, state.maxDepth) as JsonObject),
    }
    return undefined
  }

  keep(policy: { readonly idle?: Duration; readonly lifetime?: Duration }): void {
    if (!this.#mayChange('keep')) return
    this.#state.keep = {
      ...this.#state.keep,
      ...(policy.idle !== undefined && { idle: milliseconds(policy.idle, 'idle') }),
      ...(policy.lifetime !== undefined && { lifetime: milliseconds(policy.lifetime, 'lifetime') }),
    }
  }

  renew(): void {
    if (this.#mayChange('renew')) this.#state.renewing = true
  }

  destroy(): void {
    if (this.#mayChange('destroy')) this.#state.ended = 'destroyed'
  }

  #look(): SessionState {
    const state = this.#state
    if (state.ended === 'destroyed') {
      throw new VitrineError(
        'DESTROYED',
        'Cannot use the session after destroy(): read what you need before',
      )
    }
    state.seen = true
    return state
  }

  #mayChange(path: string): boolean {
    const { late } = this.#look()
    late?.(path)
    return !late
  }
}
