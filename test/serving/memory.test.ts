import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { servingApp } from "../support/serving.ts";

const MIB = 2 ** 20;

it("keeps nothing of the requests that it answered", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const serving = await servingApp();
  // The log of the test itself would grow.
  serving.app.log.level = "silent";
  const bodies = ['{"days": 3, "weight": 80}', '{"days": 99}', "[", '{"unknown": 1}'];
  const ask = async (requests: number) => {
    for (let asked = 0; asked < requests; asked += 8) {
      const together = Array.from({ length: 8 }, async (_, turn) =>
        serving.app.inject({
          method: "POST",
          url: "/invocations",
          headers: { "content-type": "application/json" },
          payload: bodies[turn % bodies.length] ?? "",
        }),
      );
      await Promise.all(together);
    }
    collect();
    return process.memoryUsage().heapUsed / MIB;
  };
  const before = await ask(2_000);
  const after = await ask(6_000);
  // 6,000 requests that each left a kilobyte would leave 6 MiB.
  expect(after - before).toBeLessThan(2);
}, 60_000);
