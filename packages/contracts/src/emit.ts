import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "./json-schema.ts";

// Run by `npm run emit`; a test holds the files and the contracts together.
const folder = join(import.meta.dirname, "../../../training-images/tabular/src/perennial_tabular/schemas");
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(jsonSchemas())) writeFileSync(join(folder, file), text);
