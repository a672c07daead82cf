import { join } from "node:path";
import ts from "typescript";

const FOLDER = join(import.meta.dirname, "..");

/**
 * Writes `src/` as JavaScript modules and declarations, file by file: bundling is the user's choice.
 *
 * @throws if a file doesn't compile.
 */
export function compile(outDir: string): void {
  const { config } = ts.readConfigFile(join(FOLDER, "../../tsconfig.json"), (path) => ts.sys.readFile(path));
  const { compilerOptions } = config as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, FOLDER);
  const program = ts.createProgram([join(FOLDER, "src/index.ts"), join(FOLDER, "src/endpoint.ts")], {
    ...options,
    // What every browser and Node of the last years runs.
    target: ts.ScriptTarget.ES2022,
    rootDir: join(FOLDER, "src"),
    outDir,
    declaration: true,
    noEmit: false,
    rewriteRelativeImportExtensions: true,
  });
  const faults = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (faults.length === 0) return;
  throw new Error(
    ts.formatDiagnostics(faults, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => FOLDER,
      getNewLine: () => "\n",
    }),
  );
}
