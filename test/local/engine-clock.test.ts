import { describe, expect, it } from "vitest";
import { RealClock, VirtualClock } from "../../local/clock.ts";

const WEEK = 7 * 86_400_000;

describe("virtual clock", () => {
  it("wakes sleepers at their own moments, in the order in which they lay down", async () => {
    const clock = new VirtualClock(0);
    const woken: [string, number][] = [];
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push([name, clock.now()]);
    };
    void sleep("late", 3000);
    void sleep("first", 1000);
    void sleep("second", 1000);
    await clock.advance(2000);
    expect([woken, clock.now()]).toEqual([
      [
        ["first", 1000],
        ["second", 1000],
      ],
      2000,
    ]);
  });

  it("passes a year of hourly wakings in less than five seconds", async () => {
    const clock = new VirtualClock(0);
    let hours = 0;
    void (async () => {
      for (;;) {
        await clock.sleep(3_600_000);
        hours += 1;
      }
    })();
    const started = performance.now();
    await clock.advance(52 * WEEK);
    expect(hours).toBe(52 * 7 * 24);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("stands still while work that it follows runs", async () => {
    const clock = new VirtualClock(0);
    let at = -1;
    void clock.during(
      (async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        at = clock.now();
      })(),
    );
    void clock.sleep(10);
    await clock.advance(1000);
    expect(at).toBe(0);
  });

  it("rejects a sleep with the reason for which it is aborted", async () => {
    const ending = new AbortController();
    const sleeping = new VirtualClock(0).sleep(1000, ending.signal);
    ending.abort(new Error("stopped"));
    await expect(sleeping).rejects.toThrow("stopped");
  });
});

describe("real clock", () => {
  it("wakes those whose moment a skip has passed, and leaves the others asleep", async () => {
    const clock = new RealClock();
    const before = Date.now();
    const woken: string[] = [];
    const ending = new AbortController();
    const week = clock.sleep(WEEK, ending.signal).then(() => woken.push("week"));
    const month = clock.sleep(5 * WEEK, ending.signal).catch((error: Error) => woken.push(error.message));
    clock.skip(WEEK + 1);
    await week;
    expect(woken).toEqual(["week"]);
    expect(clock.now() - before).toBeGreaterThan(WEEK);
    ending.abort(new Error("stopped"));
    await month;
    expect(woken).toEqual(["week", "stopped"]);
  });

  it.each([
    [100, 100],
    [3000, 250],
    [15_000, 500],
    [60_000, 2000],
  ])("lets a workflow wait %i ms for %i ms", (asked, waited) => {
    expect(new RealClock(30).patience(asked)).toBe(waited);
  });

  it("shows its skips to other threads", () => {
    const clock = new RealClock();
    const [time] = [new Float64Array(clock.share().buffer)];
    clock.skip(5000);
    expect([time[0], time[1]]).toEqual([1, 5000]);
  });
});
