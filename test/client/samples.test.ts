import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { StandInServer } from "../support/stand-in-server.ts";
import { faultsOf } from "./compile.ts";
import { matchReply } from "./stand-ins.ts";

// The first one to compile reads the libraries' types.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, "../..");
const samplesOf = (readme: string) =>
  [...readFileSync(join(ROOT, readme), "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = ""]) => text);

// The checksum is the caller's to choose, and this one isn't installed here.
const withChecksum = (sample: string) =>
  sample.replace(
    /^import \{ Sha256 \}.*$/m,
    'declare const Sha256: import("@smithy/types").HashConstructor;',
  );

describe("the samples of the client's README", () => {
  const samples = samplesOf("packages/client/README.md");

  it("are five", () => expect(samples).toHaveLength(5));

  it.each(samples)("compile: %#", (sample) => {
    expect(faultsOf(withChecksum(sample))).toEqual([]);
  });
});

describe("the football workload's sample", () => {
  const [sample = ""] = samplesOf("workloads/match-outcome/README.md");

  it("compiles, in ten lines at most", () => {
    expect(faultsOf(sample)).toEqual([]);
    expect(sample.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(10);
  });

  it("asks for the matches and prints each with its probabilities", async () => {
    const server = await new StandInServer().open();
    server.answer = (_, response) => response.end(JSON.stringify(matchReply(2, 0.5).body));
    const folder = mkdtempSync(join(tmpdir(), "sample-"));
    const print = vi.spyOn(console, "log").mockReturnValue();
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      print.mockRestore();
      rmSync(folder, { recursive: true });
      await server.close();
    });
    vi.stubEnv("PREDICTIONS_URL", server.url);
    vi.stubEnv("PREDICTIONS_KEY", "k-1");
    const program = join(folder, "sample.ts");
    const client = JSON.stringify(join(ROOT, "packages/client/src/index.ts"));
    writeFileSync(program, sample.replace('"@perennial/client"', client));
    await import(program);

    expect(server.heard.map(({ headers, body }) => [headers["x-api-key"], JSON.parse(body)])).toEqual([
      [
        "k-1",
        {
          records: [
            { team: "Betis", opponent: "Sevilla", venue: "home", date: "2026-11-28" },
            { team: "Barcelona", opponent: "Getafe", venue: "home", date: "2026-11-29" },
          ],
        },
      ],
    ]);
    const probabilities = { loss: 0, draw: 0, win: 0.5 };
    expect(print.mock.calls).toEqual([
      ["Betis Sevilla 2026-11-28", probabilities],
      ["Barcelona Getafe 2026-11-29", probabilities],
    ]);
  });
});
