import { describe, expect, it } from "vitest";
import { framesOf } from "../../apps/serving/request-log.ts";

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
