const MINUTE = 60_000;
const DAY = 86_400_000;
/** AWS takes years from 1970 to 2199; nothing is looked for beyond a few. */
const HORIZON_YEARS = 5;

/** When a schedule comes due: the first moment after `after`, in milliseconds since 1970, or null if there is none. */
export type Schedule = (after: number) => number | null;

/**
 * Reads `rate(5 minutes)`, counted from `start`, or `cron(0 2 ? * SUN *)` in UTC.
 *
 * @throws an error that says which field is wrong.
 */
export function parseSchedule(expression: string, start: number): Schedule {
  const [, kind, body = ""] = /^(rate|cron)\((.+)\)$/.exec(expression) ?? [];
  if (kind === "rate") return rate(body, start, expression);
  if (kind === "cron") return cron(body, expression);
  throw new Error(`schedule ${JSON.stringify(expression)}: expected rate(…) or cron(…).`);
}

const UNITS = { minute: MINUTE, hour: 60 * MINUTE, day: DAY } as const;

function rate(body: string, start: number, expression: string): Schedule {
  const [, count = "", unit = "", plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const amount = Number(count);
  // AWS refuses "1 minutes" and "5 minute".
  if (amount < 1 || (amount === 1) !== (plural === "")) {
    throw new Error(
      `schedule ${JSON.stringify(expression)}: expected such as rate(1 hour) or rate(5 minutes).`,
    );
  }
  const period = amount * UNITS[unit as keyof typeof UNITS];
  return (after) => start + (Math.floor((after - start) / period) + 1) * period;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

function cron(body: string, expression: string): Schedule {
  const fields = body.trim().split(/\s+/);
  const fault = (message: string): Error => new Error(`schedule ${JSON.stringify(expression)}: ${message}.`);
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = fields;
  if (fields.length !== 6) throw fault(`${fields.length} fields, expected six`);
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) {
    throw fault("expected ? in exactly one of day-of-month and day-of-week");
  }
  const minutes = values(minute, 0, 59, [], fault);
  const hours = values(hour, 0, 23, [], fault);
  const months = values(month, 1, 12, MONTHS, fault);
  const years = values(year, 1970, 2199, [], fault);
  const isDay = dayOfWeek === "?" ? monthDays(dayOfMonth, fault) : weekDays(dayOfWeek, fault);

  return (after) => {
    const first = Math.floor(after / MINUTE) * MINUTE + MINUTE;
    for (let day = Math.floor(first / DAY) * DAY; day < first + HORIZON_YEARS * 366 * DAY; day += DAY) {
      const date = new Date(day);
      if (!years.has(date.getUTCFullYear()) || !months.has(date.getUTCMonth() + 1) || !isDay(date)) continue;
      for (const hour of hours) {
        for (const minute of minutes) {
          const moment = day + (hour * 60 + minute) * MINUTE;
          if (moment >= first) return moment;
        }
      }
    }
    return null;
  };
}

type Fault = (message: string) => Error;

/** Values of a field in ascending order: `*`, `5`, `1-5`, `0/15`, `MON-FRI`, and lists of them. */
function values(
  field: string,
  from: number,
  to: number,
  names: readonly string[],
  fault: Fault,
): Set<number> {
  const number = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    const value = named === -1 ? Number(text) : named + from;
    if (Number.isInteger(value) && value >= from && value <= to && text !== "") return value;
    throw fault(`${JSON.stringify(text)} is not a number from ${from} to ${to}`);
  };
  const found = field.split(",").flatMap((part) => {
    const [range = "", step] = part.split("/");
    const [low = "", high] = range.split("-");
    const first = low === "*" ? from : number(low);
    const last = low === "*" || (step !== undefined && high === undefined) ? to : number(high ?? low);
    const by = step === undefined ? 1 : number(step === "0" ? "" : step);
    const count = Math.max(0, Math.floor((last - first) / by) + 1);
    return Array.from({ length: count }, (_, place) => first + place * by);
  });
  return new Set(found.toSorted((one, other) => one - other));
}

function monthDays(field: string, fault: Fault): (date: Date) => boolean {
  if (field === "L") return (date) => new Date(date.getTime() + DAY).getUTCDate() === 1;
  if (field.includes("W")) throw fault("W (nearest weekday) is not emulated");
  const days = values(field, 1, 31, [], fault);
  return (date) => days.has(date.getUTCDate());
}

function weekDays(field: string, fault: Fault): (date: Date) => boolean {
  const [, day = "", nth] = /^(\w+)#([1-5])$/.exec(field) ?? [];
  const [, last] = /^(\w+)L$/.exec(field) ?? [];
  const days = values(nth === undefined ? (last ?? field) : day, 1, 7, WEEKDAYS, fault);
  return (date) => {
    if (!days.has(date.getUTCDay() + 1)) return false;
    if (nth !== undefined) return Math.ceil(date.getUTCDate() / 7) === Number(nth);
    return last === undefined || new Date(date.getTime() + 7 * DAY).getUTCMonth() !== date.getUTCMonth();
  };
}
