/**
 * A regular expression that matches the decimals of whole numbers over `most` and no others, in the plain syntax that AWS
 * WAF knows. WAF compares the length of a header, never its value: so a header that holds a number is matched as text.
 *
 * @param most a whole number, 0 or more.
 */
export function moreThan(most: number): string {
  const digits = String(most);
  // Of as many digits: equal up to a place, and greater there.
  const greater = digits.split("").flatMap((digit, place) => {
    if (digit === "9") return [];
    const rest = digits.length - place - 1;
    return [`${digits.slice(0, place)}[${Number(digit) + 1}-9]${rest === 0 ? "" : `[0-9]{${rest}}`}`];
  });
  return `^0*(${[...greater, `[1-9][0-9]{${digits.length},}`].join("|")})$`;
}
