import type { Store } from './store.ts'

/**
 * A store that is opened at its first use: what it is made of need not be loaded, or even be there, before.
 * @param accepts what the opened store accepts
 * @param open opens it; called again when it failed
 */
export function lateStore(
  accepts: (id: string) => boolean,
  open: () => Promise<Required<Store>>,
): Required<Store> {
  let opened: Required<Store> | undefined
  let opening: Promise<Required<Store>> | undefined

  async function first(): Promise<Required<Store>> {
    try {
      return (opened = await (opening ??= open()))
    } catch (error) {
      opening = undefined
      throw error
    }
  }

  /** Once it is open a call costs nothing more. */
  function use<T>(call: (store: Required<Store>) => Promise<T>): Promise<T> {
    return opened ? call(opened) : first().then(call)
  }

  return {
    accepts,
    init: (report) => use((store) => store.init(report)),
    read: (id) => use((store) => store.read(id)),
    write: (id, record, expected) => use((store) => store.write(id, record, expected)),
    touch: (id, expiresAt, expected) => use((store) => store.touch(id, expiresAt, expected)),
    turn: (id) => use((store) => store.turn(id)),
    delete: (id) => use((store) => store.delete(id)),
    reap: (now, signal) => use((store) => store.reap(now, signal)),
    wipe: () => use((store) => store.wipe()),
    close: async () => opened?.close(),
    async *ids() {
      yield* (opened ?? (await first())).ids()
    },
    async *watch(signal) {
      yield* (opened ?? (await first())).watch(signal)
    },
  }
}
