import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** onnxruntime's folder for the one platform that the container runs on; with all others the image were 200 MB larger. */
const RUNTIME_PLATFORM = "bin/napi-v6/linux/x64";
const RUNTIME = [
  "onnxruntime-node/package.json",
  "onnxruntime-node/dist",
  `onnxruntime-node/${RUNTIME_PLATFORM}`,
];
const COMMON = ["onnxruntime-common/package.json", "onnxruntime-common/dist/cjs"];

/**
 * Writes all that the container runs into `folder`: `main.cjs`, the reader of the online table beside it, and onnxruntime
 * for its processor.
 */
export async function bundle(folder: string): Promise<void> {
  const here = import.meta.dirname;
  await build({
    entryPoints: [join(here, "main.ts"), join(here, "online-states.ts")],
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    plugins: [onlineStatesApart],
    bundle: true,
    platform: "node",
    target: "node24",
    // Among Fastify's parts are CommonJS modules that require Node's own ones; an ES module couldn't.
    format: "cjs",
    // It loads a native library by its own path.
    external: ["onnxruntime-node"],
    logLevel: "warning",
  });
  const modules = join(here, "../../node_modules");
  for (const part of [...RUNTIME, ...COMMON]) {
    const target = join(folder, "node_modules", part);
    await mkdir(join(target, ".."), { recursive: true });
    await cp(join(modules, part), target, {
      recursive: true,
      filter: (source) => !/\.(map|d\.ts)$/.test(source),
    });
  }
}

/** Leaves a module that is imported late in a file of its own: who never needs it doesn't hold its text either. */
const onlineStatesApart: Plugin = {
  name: "online-states-apart",
  setup(bundling) {
    bundling.onResolve({ filter: /^\.\/online-states\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./online-states.cjs", external: true } : undefined,
    );
  },
};

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("bundle.ts: expected the folder to write to");
  await bundle(folder);
}
