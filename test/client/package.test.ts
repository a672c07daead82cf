import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as published from "../../packages/client/src/index.ts";
import { compile } from "../../packages/client/generate/compile.ts";
import { StandInServer } from "../support/stand-in-server.ts";
import { browserBundle } from "./bundle.ts";
import { MATCH, matchPrediction, matchReply } from "./stand-ins.ts";

const PACKAGE = join(import.meta.dirname, "../../packages/client");
const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as Record<string, unknown>;

describe("what a page loads", () => {
  it("is as small as the README says", async () => {
    const said = /less than (\d+) KB/.exec(readFileSync(join(PACKAGE, "README.md"), "utf8"))?.[1];
    const { gzippedBytes } = await browserBundle();
    expect(Math.ceil(gzippedBytes / 1_000)).toBe(Number(said));
  });
});

describe("the package as it is published", () => {
  let folder: string;
  let installed: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "client-package-"));
    installed = join(folder, "node_modules/@perennial/client");
    mkdirSync(installed, { recursive: true });
    cpSync(join(PACKAGE, "package.json"), join(installed, "package.json"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    compile(join(installed, "dist"));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("brings what it exports, and nothing of this repository", () => {
    const files = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
    const exported = Object.values(manifest["exports"] as Record<string, Record<string, string>>).flatMap(
      (paths) => Object.values(paths).map((path) => path.replace("./dist/", "")),
    );
    expect(exported.filter((path) => !files.includes(path))).toEqual([]);
    const imports = files
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => ts.preProcessFile(readFileSync(join(installed, "dist", file), "utf8")).importedFiles)
      .map(({ fileName }) => fileName)
      .filter((name) => !name.startsWith("."));
    expect([...new Set(imports)]).toEqual(["@aws-sdk/client-sagemaker-runtime"]);
    expect([manifest["dependencies"], manifest["private"]]).toEqual([undefined, undefined]);
  });

  it("asks and is answered", async () => {
    const entry = createRequire(join(folder, "program.js")).resolve("@perennial/client");
    const { createClient, http } = (await import(pathToFileURL(entry).href)) as typeof published;
    const server = await new StandInServer().open();
    server.answer = (_, response) => response.end(JSON.stringify(matchReply(1).body));
    const client = createClient({ transport: http({ url: server.url }) });
    expect((await client.predict("match-outcome", MATCH)).prediction).toEqual(matchPrediction(1));
    await server.close();
  });

  it.each([ts.ModuleResolutionKind.NodeNext, ts.ModuleResolutionKind.Bundler])(
    "brings its types to programs with module resolution %i",
    (moduleResolution) => {
      const path = join(folder, "program.ts");
      const program = `import { createClient, http } from "@perennial/client";
const client = createClient({ transport: http({ url: "https://example.com" }) });
export const { prediction } = await client.predict("match-outcome", ${JSON.stringify(MATCH)});
export const chance: number = prediction.probabilities.win;
export const wrong: number = prediction.estimate;
`;
      writeFileSync(path, program);
      const isNode = moduleResolution === ts.ModuleResolutionKind.NodeNext;
      const compiled = ts.createProgram([path], {
        strict: true,
        noEmit: true,
        types: [],
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        target: ts.ScriptTarget.ES2022,
        module: isNode ? ts.ModuleKind.NodeNext : ts.ModuleKind.ESNext,
        moduleResolution,
        // The client's declarations are checked, those of the language needn't be.
        skipDefaultLibCheck: true,
      });
      const faults = ts.getPreEmitDiagnostics(compiled).map(({ messageText }) => messageText);
      expect(faults).toEqual([
        'Property \'estimate\' does not exist on type \'MulticlassPrediction<"loss" | "draw" | "win">\'.',
      ]);
    },
    30_000,
  );
});
