/**
 * Puts an entry into a map as its newest one.
 * @param max of more entries than this the oldest is left out
 */
export function setNewest<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  if (!map.delete(key) && map.size >= max) map.delete(map.keys().next().value as K)
  map.set(key, value)
}
