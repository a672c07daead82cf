/**
 * Which rows belong together (one patient, one match) and therefore enter a resample together.
 * `index[row]` runs from 0 to `count` − 1, and every group has at least one row.
 */
export interface Groups {
  readonly index: Int32Array;
  readonly count: number;
}

/** Groups rows by equal keys, numbered in order of first appearance. */
export function groupRows(keys: ArrayLike<string | number>): Groups {
  const numbers = new Map<string | number, number>();
  const index = new Int32Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]!;
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    index[row] = number;
  }
  return { index, count: numbers.size };
}

/** Every row a group of its own. */
export function ungrouped(rows: number): Groups {
  return { index: Int32Array.from({ length: rows }, (_, row) => row), count: rows };
}

/** The groups of some of the rows, renumbered so that groups left without a row are not resampled. */
export function groupsOfRows(groups: Groups, rows: Int32Array): Groups {
  return groupRows(rows.map((row) => groups.index[row]!));
}
