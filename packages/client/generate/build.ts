import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile.ts";

// Run by `npm run build`, and before the package is packed.
const folder = join(import.meta.dirname, "../dist");
rmSync(folder, { recursive: true, force: true });
compile(folder);
copyFileSync(join(import.meta.dirname, "../../../LICENSE"), join(folder, "LICENSE"));
