import type { Arm } from "./experiment.ts";

/**
 * The model that answers for a key: always the same one within an experiment, and in another experiment one that has nothing
 * to do with it. FNV-1a (Fowler, Noll and Vo), with the final mix of MurmurHash3 (Appleby), which spreads keys that differ in
 * their last letter alone.
 *
 * @param share of the keys that the challenger answers.
 */
export function armOf(experiment: string, key: string, share: number): Arm {
  return hash(`${experiment}\0${key}`) / 2 ** 32 < share ? "challenger" : "champion";
}

function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
