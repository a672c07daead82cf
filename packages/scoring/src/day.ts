const DIGIT_0 = 48;
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Days from 1970-01-01 to an ISO 8601 day, or NaN where the text isn't one: `2026-02-29`, `2026-1-5` and times are none.
 *
 * It counts by the calendar (Hinnant, "chrono-compatible low-level date algorithms"), because `Date.parse` takes five
 * times as long and turns 2026-02-30 into the second of March.
 */
export function epochDay(text: string): number {
  if (text.length !== 10 || text[4] !== "-" || text[7] !== "-") return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const days = DAYS_OF_MONTH[month - 1] ?? 0;
  if (!(year >= 0 && day >= 1 && day <= days) || (month === 2 && day === 29 && !isLeap(year))) {
    return Number.NaN;
  }
  // The year starts in March here, so that the leap day is its last.
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** The number that the characters spell, or NaN where one of them is no digit. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - DIGIT_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
