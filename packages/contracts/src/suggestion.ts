// Above it a name is no slip of the pen, and comparing it would cost time that a hostile request could ask for.
const LONGEST_COMPARED = 64;

/**
 * The name among `known` that `name` was probably meant to be: equal but for case and joints, the beginning of it or the
 * other way round (as `prod` is of `production`), or a few slips away.
 */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  const plain = plainOf(name);
  if (plain === "" || name.length > LONGEST_COMPARED) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const other = plainOf(candidate);
    if (other === plain) return candidate;
    const slips = isBeginning(plain, other) ? 0 : slipsBetween(name, candidate, fewest);
    if (slips < fewest) [best, fewest] = [candidate, slips];
  }
  return best;
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[\s._-]+/g, "");
}

/** A shorter beginning says too little: many names begin so. */
const SHORTEST_BEGINNING = 3;

function isBeginning(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= SHORTEST_BEGINNING && long.startsWith(short);
}

/**
 * Fewest letters inserted, deleted, replaced or swapped with their neighbour to turn `a` into `b` (optimal string
 * alignment), or `limit` where their lengths alone tell that it isn't less.
 */
function slipsBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
      current.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
