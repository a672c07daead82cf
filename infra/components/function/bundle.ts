import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { build, type BuildOptions } from "esbuild";

/** Packages with native code stay whole beside the bundle: their files by their place in the archive. */
const ONNX_RUNTIME = "onnxruntime-node";

/** Processors that functions run on, as onnxruntime names them. */
export type Architecture = "x64" | "arm64";

/** Bundled packages that were written for CommonJS call `require`, which a module has to make for itself. */
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles the functions of `folder`, one archive each. The same sources give the same bytes wherever the repository lies.
 * The archives come at once and are filled while the rest of the program goes on.
 *
 * Filling fails with all of esbuild's messages when a function can't be bundled.
 */
export function bundleFunctions<Name extends string>(
  folder: string,
  names: readonly Name[],
): Record<Name, pulumi.asset.AssetArchive> {
  const built = bundle(folder, names);
  const archives = names.map(
    (name) =>
      [name, new pulumi.asset.AssetArchive(built.then((result) => files(result, name, folder)))] as const,
  );
  return Object.fromEntries(archives) as Record<Name, pulumi.asset.AssetArchive>;
}

const OPTIONS = {
  outdir: "bundles",
  bundle: true,
  write: false,
  metafile: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // The SDK's modules rather than its CommonJS: unused commands fall away.
  mainFields: ["module", "main"],
  conditions: ["module"],
  external: [ONNX_RUNTIME],
  outExtension: { ".js": ".mjs" },
  banner: { js: REQUIRE },
  legalComments: "none",
  charset: "utf8",
  logLevel: "silent",
} as const satisfies BuildOptions;

async function bundle(folder: string, names: readonly string[]) {
  return await build({
    ...OPTIONS,
    absWorkingDir: dirname(folder),
    entryPoints: names.map((name) => ({ in: join(folder, name, "index.ts"), out: name })),
  });
}

/**
 * Bundles one function that scores for callers who wait, for processors of `architecture`. What it loads only now and then
 * lies in files of its own: a cold start reads and compiles a third less. (In ASCII the engine takes a byte a character.)
 *
 * Filling fails with all of esbuild's messages when the function can't be bundled.
 */
export function bundleScoring(
  folder: string,
  name: string,
  architecture: Architecture = "x64",
): pulumi.asset.AssetArchive {
  const built = build({
    ...OPTIONS,
    absWorkingDir: dirname(folder),
    entryPoints: [{ in: join(folder, name, "index.ts"), out: "index" }],
    splitting: true,
    chunkNames: "part-[hash]",
    charset: "ascii",
  });
  return new pulumi.asset.AssetArchive(
    built.then(({ outputFiles }) => ({
      ...Object.fromEntries(
        outputFiles
          .map(({ path, text }) => [basename(path), new pulumi.asset.StringAsset(text)] as const)
          .toSorted(([one], [other]) => (one < other ? -1 : 1)),
      ),
      ...onnxRuntime(folder, architecture),
    })),
  );
}

function files(
  { outputFiles, metafile }: Awaited<ReturnType<typeof bundle>>,
  name: string,
  folder: string,
): Record<string, pulumi.asset.Asset> {
  const file = outputFiles.find(({ path }) => path.endsWith(`/${name}.mjs`));
  if (file === undefined) throw new Error(`esbuild wrote no bundle for ${name} in ${folder}`);
  const { imports } = metafile.outputs[`bundles/${name}.mjs`] ?? { imports: [] };
  const isNative = imports.some(({ path, external }) => external === true && path === ONNX_RUNTIME);
  return { "index.mjs": new pulumi.asset.StringAsset(file.text), ...(isNative ? onnxRuntime(folder) : {}) };
}

/** The files of onnxruntime that Lambda needs: one platform of five keeps the archive within its 250 MB. */
function onnxRuntime(
  folder: string,
  architecture: Architecture = "x64",
): Record<string, pulumi.asset.FileAsset> {
  const runtime = packageFolder(ONNX_RUNTIME, folder);
  // Found from the runtime, whose dependency it is.
  const common = packageFolder("onnxruntime-common", runtime);
  const platform = `bin/napi-v6/linux/${architecture}`;
  return Object.fromEntries([
    ...filesUnder(runtime, "package.json", /./, ONNX_RUNTIME),
    ...filesUnder(runtime, "dist", /\.js$/, ONNX_RUNTIME),
    ...filesUnder(runtime, platform, /./, ONNX_RUNTIME),
    ...filesUnder(common, "package.json", /./, "onnxruntime-common"),
    ...filesUnder(common, "dist/cjs", /\.js(on)?$/, "onnxruntime-common"),
  ]);
}

/** Folder of an installed package, as Node finds it from `dependent`: in the nearest `node_modules` that has it. */
function packageFolder(name: string, dependent: string): string {
  const folder = join(dependent, "node_modules", name);
  if (existsSync(join(folder, "package.json"))) return folder;
  if (dirname(dependent) === dependent) throw new Error(`${name} is not installed: run npm install`);
  return packageFolder(name, dirname(dependent));
}

function filesUnder(
  root: string,
  path: string,
  wanted: RegExp,
  name: string,
): [string, pulumi.asset.FileAsset][] {
  const relative = path.includes(".json")
    ? [path]
    : readdirSync(join(root, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        .toSorted((a, b) => (a < b ? -1 : 1));
  return relative
    .filter((file) => wanted.test(file))
    .map((file) => [`node_modules/${name}/${file}`, new pulumi.asset.FileAsset(join(root, file))]);
}
