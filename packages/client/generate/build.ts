import { rmSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

// Run by `npm run build`: src/ as JavaScript modules and declarations in dist/, file by file. Bundling is the user's choice.
const folder = join(import.meta.dirname, "..");
rmSync(join(folder, "dist"), { recursive: true, force: true });
const { config } = ts.readConfigFile(join(folder, "../../tsconfig.json"), (path) => ts.sys.readFile(path));
const { options } = ts.convertCompilerOptionsFromJson(
  (config as { compilerOptions: object }).compilerOptions,
  folder,
);
const program = ts.createProgram([join(folder, "src/index.ts"), join(folder, "src/endpoint.ts")], {
  ...options,
  // What every browser and Node of the last years runs.
  target: ts.ScriptTarget.ES2022,
  rootDir: join(folder, "src"),
  outDir: join(folder, "dist"),
  declaration: true,
  noEmit: false,
  rewriteRelativeImportExtensions: true,
});
const faults = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
if (faults.length > 0) {
  throw new Error(
    ts.formatDiagnostics(faults, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => folder,
      getNewLine: () => "\n",
    }),
  );
}
