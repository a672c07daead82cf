/** Adds to a map that holds `most` entries: the oldest goes for it. Answers how many went. */
export function addBounded<Value>(map: Map<string, Value>, key: string, value: Value, most: number): 0 | 1 {
  map.set(key, value);
  if (map.size <= most) return 0;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
  return 1;
}
