// Above it a name is no slip of the pen, and comparing it would cost time that a hostile request could ask for.
const LONGEST_COMPARED = 64;

/** The name among `known` that `name` was probably meant to be: equal but for case and joints, or a few slips away. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_COMPARED) return undefined;
  const plain = plainOf(name);
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    if (plainOf(candidate) === plain) return candidate;
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const slips = distance(name, candidate);
    if (slips < fewest) [best, fewest] = [candidate, slips];
  }
  return best;
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[\s._-]+/g, "");
}

/** Levenshtein's distance: fewest letters inserted, deleted or replaced to turn `a` into `b`. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
