import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
    mkdirSync(join(folder, name, "data"), { recursive: true });
    writeFileSync(join(folder, name, spec.source.path), "rows");
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
  expect(found.map(({ spec, queries, source }) => [spec.name, queries, source])).toEqual(
    ["adherence", "readmission"].map((name) => [
      name,
      { "features.sql": `select '${name}'` },
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

/** A workload with queries for rows and entities, and a variant with a query of its own. */
function folderWithVariant(): string {
  const folder = folderWith({ churn: "churn" });
  const churn = join(folder, "churn");
  const team = {
    description: "A team.",
    key: "team",
    maxAge: 30,
    lookups: [{ by: "age", columns: { visits: "n" } }],
  };
  const visits = { type: "integer", description: "Visits.", min: 0, max: 9, withheldShare: 0 };
  const source = { ...spec.source, rows: { sql: "rows.sql", columns: ["raw"] } };
  const whole = { ...spec, name: "churn", source, derived: { ...spec.derived, visits }, entities: { team } };
  const variant = { ...whole, name: "churn-late", source: { ...source, features: "variants/late.sql" } };
  mkdirSync(join(churn, "variants"));
  mkdirSync(join(churn, "entities"));
  writeFileSync(join(churn, "workload.ts"), `export default ${JSON.stringify(whole)};`);
  writeFileSync(join(churn, "variants/late.ts"), `export default ${JSON.stringify(variant)};`);
  writeFileSync(join(churn, "variants/late.sql"), "select 'late'");
  writeFileSync(join(churn, "rows.sql"), "select 'rows'");
  writeFileSync(join(churn, "entities/team.sql"), "select 'team'");
  return folder;
}

it("brings the queries of rows, entities and features to where jobs find them", async () => {
  const found = await readWorkloads(folderWithVariant(), []);
  expect(found.map(({ spec, queries }) => [spec.name, queries])).toEqual([
    [
      "churn",
      {
        "features.sql": "select 'churn'",
        "rows.sql": "select 'rows'",
        "entities/team.sql": "select 'team'",
      },
    ],
  ]);
});

it("takes a variant where the stack names it, with its own features and the data of its folder", async () => {
  const folder = folderWithVariant();
  const [found, ...others] = await readWorkloads(folder, ["churn-late"]);
  expect([found?.spec.name, found?.queries["features.sql"], found?.source.path, others]).toEqual([
    "churn-late",
    "select 'late'",
    join(folder, "churn", spec.source.path),
    [],
  ]);
});

it.each([
  ["variants/late.sql", "churn/variants/late.ts: it needs variants/late.sql; no such file in churn/"],
  ["entities/team.sql", "churn/variants/late.ts: it needs entities/team.sql; no such file in churn/"],
  [spec.source.path, `churn/variants/late.ts: it needs ${spec.source.path}; no such file in churn/`],
])("refuses a spec that names the missing file %s", async (file, message) => {
  const folder = folderWithVariant();
  rmSync(join(folder, "churn", file));
  await expect(readWorkloads(folder, ["churn-late"])).rejects.toThrow(message);
});

it("refuses a variant of another name than its folder and file", async () => {
  const folder = folderWithVariant();
  const late = join(folder, "churn/variants/late.ts");
  writeFileSync(late, readFileSync(late, "utf8").replace('"churn-late"', '"churn-early"'));
  await expect(readWorkloads(folder, ["churn-late"])).rejects.toThrow(
    'churn/variants/late.ts: its name is "churn-early", expected "churn-late" for its folder and its file',
  );
});
