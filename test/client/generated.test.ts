import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../packages/client/generate/record-types.ts";
import { readSpecs } from "../../packages/client/generate/specs.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const FOLDER = join(import.meta.dirname, "../../packages/client/src/generated");

describe("the generated types", () => {
  it("are those of the specs; if not, run npm run emit", async () => {
    const found = Object.fromEntries(
      readdirSync(FOLDER).map((file) => [file, readFileSync(join(FOLDER, file), "utf8")]),
    );
    expect(found).toEqual(generatedFiles(await readSpecs()));
  });

  it("don't depend on the order of the specs", async () => {
    const specs = await readSpecs();
    expect(generatedFiles(specs.toReversed())).toEqual(generatedFiles(specs));
  });

  it("say of each column what it may hold, and whether it may be left out", () => {
    const features = Object.keys(TEST_SPEC.source.columns).map((column) => ({
      kind: "missing" as const,
      name: `no_${column}`,
      column,
    }));
    expect(generatedFiles([{ ...TEST_SPEC, features }])["test-readmission.ts"]).toMatchInlineSnapshot(`
      "// Written by \`npm run emit\` from the workload's spec. Change the spec, not this file.

      /** Readmission, for tests: What the tests' model answers. */
      export interface TestReadmissionRecord {
        /** Sex. */
        sex?: "Female" | "Male" | null | undefined;
        /** Ward. Other texts count as unseen. */
        ward?: "2" | "1" | number | (string & {}) | null | undefined;
        /** ICD-9. A text that matches (?:\\d{3}|V\\d{2})(?:\\.\\d{1,2})? */
        diagnosis?: string | null | undefined;
        /** Stay. A whole number from 1 to 14. */
        days: number;
        /** Weight. A number from 0.5 to 300. */
        weight?: number | null | undefined;
        /** Where to. Other texts count as unseen. Not answered for 11, 19: the patient died. */
        discharge?: "1" | "11" | "19" | number | (string & {}) | null | undefined;
      }

      export interface TestReadmission {
        record: TestReadmissionRecord;
        task: { kind: "binary" };
      }
      "
    `);
  });

  it("leave to the caller what the model doesn't read", () => {
    const text = generatedFiles([TEST_SPEC])["test-readmission.ts"];
    expect(text).toContain(
      `  /** Weight. A number from 0.5 to 300. The model doesn't read it. */\n  weight?: number | null | undefined;\n`,
    );
  });

  it("keep a description from ending its comment", () => {
    const description = "Sex */ export const broken = 1; /*";
    const sex = { ...TEST_SPEC.source.columns["sex"], description } as never;
    const spec = { ...TEST_SPEC, source: { ...TEST_SPEC.source, columns: { sex } } };
    expect(generatedFiles([spec])["test-readmission.ts"]).toContain("Sex *\\/ export const broken = 1; /*");
  });
});
