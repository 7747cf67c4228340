/**
 * Makes a queue per key: what is asked for one key runs one after another, keys do not wait for each other.
 * An empty key does not queue.
 */
export function queueByKey(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (key, task) => {
    if (key === '') return task()
    const before = last.get(key)
    const mine = before ? before.then(task, task) : task()
    last.set(key, mine)
    const done = () => {
      if (last.get(key) === mine) last.delete(key)
    }
    mine.then(done, done)
    return mine
  }
}
