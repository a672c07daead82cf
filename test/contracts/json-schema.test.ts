import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "../../packages/contracts/src/json-schema.ts";
import { expect, it } from "vitest";

const folder = join(import.meta.dirname, "../../training-images/tabular/src/perennial_tabular/schemas");

it("the JSON Schemas that Python validates with are those of the contracts (npm run emit writes them)", () => {
  const onDisk = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [file, readFileSync(join(folder, file), "utf8")]);
  expect(Object.fromEntries(onDisk)).toEqual(jsonSchemas());
});
