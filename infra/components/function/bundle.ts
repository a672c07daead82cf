import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";

/** Packages with native code stay whole beside the bundle: their files by their place in the archive. */
const ONNX_RUNTIME = "onnxruntime-node";

/** Bundled packages that were written for CommonJS call `require`, which a module has to make for itself. */
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles the functions of `folder`, one archive each. The same sources give the same bytes wherever the repository lies.
 *
 * @throws with all of esbuild's messages when a function can't be bundled.
 */
export function bundleFunctions<Name extends string>(
  folder: string,
  names: readonly Name[],
): Record<Name, pulumi.asset.AssetArchive> {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: dirname(folder),
    entryPoints: names.map((name) => ({ in: join(folder, name, "index.ts"), out: name })),
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
  });
  const archives = names.map((name) => {
    const file = outputFiles.find(({ path }) => path.endsWith(`/${name}.mjs`));
    if (file === undefined) throw new Error(`esbuild wrote no bundle for ${name} in ${folder}`);
    const { imports } = metafile.outputs[`bundles/${name}.mjs`] ?? { imports: [] };
    const native = imports.some(({ path, external }) => external === true && path === ONNX_RUNTIME);
    const files = {
      "index.mjs": new pulumi.asset.StringAsset(file.text),
      ...(native ? onnxRuntime(folder) : {}),
    };
    return [name, new pulumi.asset.AssetArchive(files)] as const;
  });
  return Object.fromEntries(archives) as Record<Name, pulumi.asset.AssetArchive>;
}

/** The files of onnxruntime that Lambda needs: one platform of five keeps the archive within its 250 MB. */
function onnxRuntime(folder: string): Record<string, pulumi.asset.FileAsset> {
  const { resolve } = createRequire(join(folder, "package.json"));
  const runtime = dirname(resolve(`${ONNX_RUNTIME}/package.json`));
  // Resolved from the runtime, whose dependency it is.
  const common = packageFolder("onnxruntime-common", runtime);
  const platform = "bin/napi-v6/linux/x64";
  return Object.fromEntries([
    ...filesUnder(runtime, "package.json", /./, ONNX_RUNTIME),
    ...filesUnder(runtime, "dist", /\.js$/, ONNX_RUNTIME),
    ...filesUnder(runtime, platform, /./, ONNX_RUNTIME),
    ...filesUnder(common, "package.json", /./, "onnxruntime-common"),
    ...filesUnder(common, "dist/cjs", /\.js(on)?$/, "onnxruntime-common"),
  ]);
}

function packageFolder(name: string, dependent: string): string {
  const places = createRequire(join(dependent, "package.json")).resolve.paths(name) ?? [];
  const place = places.find((path) => existsSync(join(path, name, "package.json")));
  if (place === undefined) throw new Error(`${name} is not installed: run npm install`);
  return join(place, name);
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
