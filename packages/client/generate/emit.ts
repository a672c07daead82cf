import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./record-types.ts";
import { readSpecs } from "./specs.ts";

// Run by `npm run emit`; a test holds the files and the specs together.
const folder = join(import.meta.dirname, "../src/generated");
const files = generatedFiles(await readSpecs());
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(files)) {
  writeFileSync(join(folder, file), text);
}
