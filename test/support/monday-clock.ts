import { RealClock } from "../../local/clock.ts";

const DAY_MS = 24 * 60 * 60_000;

/**
 * The machine's time, moved to the beginning of a Monday. Schedules of the week's end are then days away, so that a test that
 * skips hours doesn't meet one of them on some days and none on others.
 */
export function mondayClock(waitSpeed?: number): RealClock {
  const clock = new RealClock(waitSpeed);
  const now = clock.now();
  const daysLeft = (8 - new Date(now).getUTCDay()) % 7 || 7;
  clock.skip(daysLeft * DAY_MS - (now % DAY_MS));
  return clock;
}
