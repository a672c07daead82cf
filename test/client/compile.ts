import { join } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "../..");

/**
 * What tsc says of a program that uses the client, strict and with the types of Node or of a browser: first line of each
 * message, as `line: message`. The program stands for a file beside the package's README.
 */
export function faultsOf(program: string, runsIn: "node" | "browser" = "node"): string[] {
  const path = join(ROOT, "packages/client/snippet.ts");
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: runsIn === "browser" ? ["lib.es2022.d.ts", "lib.dom.d.ts"] : ["lib.es2022.d.ts"],
    types: runsIn === "browser" ? [] : ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: {
      "@perennial/client": [join(ROOT, "packages/client/src/index.ts")],
      "@perennial/client/endpoint": [join(ROOT, "packages/client/src/endpoint.ts")],
    },
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === path
      ? ts.createSourceFile(name, program, ts.ScriptTarget.ES2022)
      : (SOURCES.get(name) ?? keep(name, read(name, ...rest)));
  const exists = host.fileExists.bind(host);
  host.fileExists = (name) => name === path || exists(name);
  const compiled = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(compiled).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    const place = file === undefined || file.fileName === path ? `${line}` : `${file.fileName}:${line}`;
    return `${place}: ${lastReasonOf(messageText)}`;
  });
}

/** Of overloads that all don't fit, what keeps the last one from fitting: the one for a single record. */
function lastReasonOf(message: string | ts.DiagnosticMessageChain): string {
  if (typeof message === "string") return message;
  const last = message.next?.at(-1);
  return last === undefined ? message.messageText : lastReasonOf(last);
}

// Parsing the libraries takes longer than checking a snippet, and every snippet has the same ones.
const SOURCES = new Map<string, ts.SourceFile>();

function keep(name: string, file: ts.SourceFile | undefined): ts.SourceFile | undefined {
  if (file !== undefined) SOURCES.set(name, file);
  return file;
}
