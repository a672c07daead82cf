import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Values by name, each in a JSON file of its own, written whole or not at all. */
export class Records<Value> {
  private readonly folder: string;
  private readonly values = new Map<string, Value>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
      const value = JSON.parse(readFileSync(join(folder, file), "utf8")) as Value;
      this.values.set(decodeURIComponent(file.slice(0, -".json".length)), value);
    }
  }

  get(name: string): Value | undefined {
    return this.values.get(name);
  }

  /** All values, in the order in which they were first put. */
  all(): Value[] {
    return [...this.values.values()];
  }

  put(name: string, value: Value): void {
    this.values.set(name, value);
    const path = this.fileOf(name);
    writeFileSync(`${path}.part`, JSON.stringify(value, undefined, 2));
    renameSync(`${path}.part`, path);
  }

  delete(name: string): void {
    this.values.delete(name);
    const path = this.fileOf(name);
    if (existsSync(path)) rmSync(path);
  }

  private fileOf(name: string): string {
    return join(this.folder, `${encodeURIComponent(name)}.json`);
  }
}
