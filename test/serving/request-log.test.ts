import { describe, expect, it } from "vitest";
import { framesOf, logLineOf } from "../../apps/serving/request-log.ts";

describe("an error in the log", () => {
  it("is its name and frames, never a line of its message", () => {
    const error = new TypeError("given XYZZY\n    at XYZZY\nXYZZY");
    const { error: name, frames } = framesOf(error);
    expect(name).toBe("TypeError");
    expect(frames[0]).toMatch(/request-log\.test\.ts:\d+:\d+\)?$/);
    expect(frames.join("\n")).not.toContain("XYZZY");
  });

  it("is only the type of what isn't an error", () => {
    expect(framesOf("XYZZY")).toEqual({ error: "string", frames: [] });
  });
});

describe("a request's line", () => {
  const request = {
    requestId: "a-1",
    method: "GET",
    route: "(none)",
    status: 404,
    durationMs: 1.5,
    records: 0,
    timestamp: 1_000,
  };

  it("has no metrics where no model was asked", () => {
    expect(logLineOf({ ...request, model: undefined })).toEqual({
      requestId: "a-1",
      method: "GET",
      route: "(none)",
      status: 404,
      durationMs: 1.5,
      records: 0,
    });
  });

  it.each([
    [200, 0],
    [400, 1],
    [415, 1],
    [500, 0],
  ])("with status %i counts %i refusals", (status, refusals) => {
    const model = { workload: "test-readmission", version: 0, artifact: "baseline" };
    expect(logLineOf({ ...request, status, model })).toMatchObject({ ModelVersion: "0", Refusals: refusals });
  });
});
