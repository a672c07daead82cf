import { describe, expect, it } from "vitest";
import { Overloaded, PendingRequests } from "../../apps/serving/pending-requests.ts";
import { servingApp } from "../support/serving.ts";

const json = { "content-type": "application/json" };

describe("more requests than may wait", () => {
  it("are told to come again, at once; all others are answered, and then there is room", async () => {
    const limits = { maxBodyKiB: 16, maxRecords: 5, maxPending: 2 };
    const { app, lines } = await servingApp({}, { limits });
    const ask = () =>
      app.inject({ method: "POST", url: "/invocations", headers: json, payload: '{"days": 3}' });
    const responses = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(responses.map(({ statusCode, headers }) => [statusCode, headers["retry-after"]])).toEqual([
      [200, undefined],
      [200, undefined],
      [503, "1"],
      [503, "1"],
    ]);
    expect(responses[2]?.json()).toEqual({
      error: "2 requests are waiting already, the most that may; try again",
      faults: [],
      model: { workload: "test-readmission", version: 3, artifact: "0123456789ab" },
    });
    expect((await ask()).statusCode).toBe(200);
    const { body } = await app.inject("/metrics");
    expect(body).toContain('perennial_unpredicted_requests_total{reason="overloaded"} 2\n');
    expect(body).toContain("perennial_pending_requests 0\n");
    // A line for each would make the load worse.
    expect(lines()).toEqual([]);
    await app.close();
    expect(lines()).toMatchObject([{ Requests: 5, Failed: 2, Refused: 0 }]);
  });
});

describe("places for requests that wait", () => {
  const waiting = () => {
    let finish = () => {};
    const work = new Promise<void>((resolve) => (finish = resolve));
    return { work: () => work, finish };
  };

  it("are freed by work that fails, too", async () => {
    const pending = new PendingRequests({ maxPending: 1, maxBodyKiB: 1 });
    await expect(pending.hold(1, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(pending.count).toBe(0);
    expect(await pending.hold(1, () => Promise.resolve(7))).toBe(7);
  });

  it("end where eight of the largest bodies would be in memory", async () => {
    const pending = new PendingRequests({ maxPending: 100, maxBodyKiB: 1 });
    const held = Array.from({ length: 8 }, waiting);
    const all = held.map(({ work }) => pending.hold(1024, work));
    await expect(pending.hold(1, () => Promise.resolve())).rejects.toThrow(Overloaded);
    held[0]?.finish();
    await all[0];
    await pending.hold(1024, () => Promise.resolve());
    for (const { finish } of held) finish();
    await Promise.all(all);
    expect(pending.count).toBe(0);
  });
});
