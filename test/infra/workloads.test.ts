import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readWorkloads } from "../../infra/workloads.ts";
import spec from "../../workloads/hospital-readmission/workload.ts";

/** A folder of workloads: names of their folders, each with the name that its spec states. */
function folderWith(workloads: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "perennial-workloads-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  mkdirSync(join(folder, "node_modules"));
  for (const [name, stated] of Object.entries(workloads)) {
    mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, name, "workload.ts"),
      `export default ${JSON.stringify({ ...spec, name: stated })};`,
    );
    writeFileSync(join(folder, name, "features.sql"), `select '${name}'`);
  }
  return folder;
}

it("finds every folder that holds a workload, in order of their names", async () => {
  const folder = folderWith({ readmission: "readmission", adherence: "adherence" });
  const found = await readWorkloads(folder, []);
  expect(found.map(({ spec, sql, source }) => [spec.name, sql, source])).toEqual(
    ["adherence", "readmission"].map((name) => [
      name,
      `select '${name}'`,
      { path: join(folder, name, "data/diabetic_data.csv.gz"), fileName: "diabetic_data.csv.gz" },
    ]),
  );
  expect(JSON.parse(found[0]?.specJson ?? "")).toEqual({ ...spec, name: "adherence" });
});

it("takes the ones that the stack selects", async () => {
  const folder = folderWith({ churn: "churn", readmission: "readmission" });
  const found = await readWorkloads(folder, ["churn"]);
  expect(found.map(({ spec }) => spec.name)).toEqual(["churn"]);
});

it("refuses a selected workload that has no folder", async () => {
  const folder = folderWith({ churn: "churn", readmission: "readmission" });
  await expect(readWorkloads(folder, ["chrun", "readmission"])).rejects.toThrow(
    /^setting "workloads": no folder for chrun in perennial-workloads-\w+\/; expected some of churn, readmission$/,
  );
});

it("refuses a spec of another name than its folder", async () => {
  await expect(readWorkloads(folderWith({ churn: "churning" }), [])).rejects.toThrow(
    'churn/workload.ts: its name is "churning", expected "churn" like its folder',
  );
});

it("refuses a spec with all its faults", async () => {
  const folder = folderWith({ churn: "Churn" });
  await expect(readWorkloads(folder, [])).rejects.toThrow(
    'churn/workload.ts is refused, 1 fault:\n  default.name: given "Churn"; expected lower case words joined by hyphens',
  );
});
