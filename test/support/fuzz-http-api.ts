import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCHEMATHESIS = join(import.meta.dirname, "../../.fuzzer/bin/schemathesis");

/**
 * What the API is held to beyond the fuzzer's defaults: what fits the document may be refused where no schema can say why
 * (422), or in a form that isn't read (406, 415), and never as malformed.
 */
const SETTINGS = `[checks]
positive_data_acceptance.expected-statuses = ["2xx", "406", "415", "422"]
negative_data_rejection.expected-statuses = ["400", "404", "405", "406", "413", "415", "422"]
`;

export interface Fuzzed {
  /** 0 where nothing was found. */
  code: number;
  /** What the fuzzer wrote: each finding with a request that shows it. */
  report: string;
}

/** Holds an API against its own document with generated requests, valid and invalid, by schemathesis with all its checks. */
export async function fuzzHttpApi(url: string, apiKey: string, seed: number): Promise<Fuzzed> {
  const folder = mkdtempSync(join(tmpdir(), "perennial-fuzz-"));
  const config = join(folder, "schemathesis.toml");
  writeFileSync(config, SETTINGS);
  const args = [
    ["--config-file", config],
    ["run", `${url}/openapi.json`],
    ["--header", `x-api-key: ${apiKey}`],
    // One worker: two threads upset the parser of CPython 3.11.
    ["--max-examples", "10", "--seed", String(seed), "--workers", "1"],
    ["--continue-on-failure", "--no-color"],
  ].flat();
  const env = {
    ...process.env,
    PYTHONPATH: import.meta.dirname,
    PYTHONDONTWRITEBYTECODE: "1",
    SCHEMATHESIS_HOOKS: "fuzz_http_api",
  };
  try {
    return await new Promise((resolve) => {
      execFile(SCHEMATHESIS, args, { env, cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, report: `${stdout}${stderr}` });
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
