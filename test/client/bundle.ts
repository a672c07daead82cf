import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const CLIENT = join(import.meta.dirname, "../../packages/client/src/index.ts");

/** What a page loads that asks by HTTP, as a bundler makes it. */
export async function browserBundle(): Promise<{ text: string; gzippedBytes: number }> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { createClient, http } from ${JSON.stringify(CLIENT)};`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return { text: file.text, gzippedBytes: gzipSync(file.contents, { level: 9 }).length };
}
