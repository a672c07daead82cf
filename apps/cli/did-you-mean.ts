/** The name among `known` that was probably meant, or undefined where none is close. */
export function didYouMean(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const [best] = known
    .map((name) => ({ name, slips: isPart(wanted, name) ? 0 : distance(wanted, name) }))
    .filter(({ name, slips }) => slips <= Math.max(2, Math.floor(name.length / 3)))
    .toSorted((one, other) => one.slips - other.slips);
  return best?.name;
}

/** ` Did you mean "x"?` or nothing, to end a sentence about an unknown name with. */
export function hint(given: string, known: readonly string[]): string {
  const meant = didYouMean(given, known);
  return meant === undefined ? "" : ` Did you mean "${meant}"?`;
}

/** Whether one of them is the beginning of the other, as `prod` is of `production`. */
const isPart = (wanted: string, name: string): boolean =>
  wanted !== "" && (name.startsWith(wanted) || wanted.startsWith(name));

/** Levenshtein's distance. */
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
