import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import packed from "@sparticuz/chromium";
import { chromium, type Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const UNPACKED = join(import.meta.dirname, "../../.cache/chromium");

/**
 * A real browser without a window: the machine's own Chromium, or the packed one of the development dependencies where it has
 * none (Linux on x86-64). Nothing is downloaded.
 */
export async function openBrowser(): Promise<Browser> {
  // In a container there is neither a sandbox to be had nor a process to fork others from.
  const args = ["--no-sandbox", "--no-zygote", "--single-process"];
  return chromium.launch({ executablePath: installed() ?? (await unpack()), args });
}

function installed(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const places = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...places, ON_A_MAC].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The package unpacks itself into the folder for temporary files, once. */
async function unpack(): Promise<string> {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    throw new Error(
      `no Chromium on ${platform} ${arch}: install it, or Google Chrome, so that PATH finds it`,
    );
  }
  mkdirSync(UNPACKED, { recursive: true });
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = UNPACKED;
  try {
    return await packed.executablePath();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}
