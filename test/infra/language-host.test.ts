import rpc from "@pulumi/pulumi/runtime/rpc.js";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Inputs, type Registration, UNKNOWN } from "../support/engine.ts";
import { type Run, runAsLanguageHost } from "../support/language-host.ts";
import { evaluate } from "../support/program.ts";

// A process that evaluates the whole program and its bundles: seconds, many times as many where others are at work.
vi.setConfig({ testTimeout: 250_000, hookTimeout: 500_000 });

// The program as `pulumi up` and `pulumi preview` run it: a process of its own, the SDK's entry point, the wire. What the
// cloud and the provider's plugin think of it is not known here.

const importProgram = async () => {
  vi.resetModules();
  return await import("../../infra/index.ts");
};
/** Exit code by which the SDK says that the engine has heard all there is to say. */
const ENDED_WITH_ITS_ERRORS_LOGGED = 32;

/** Every place where a preview announces something else than the update then does: a value, a key, an item more or less. */
function contradictions(preview: unknown, update: unknown, at: string): string[] {
  if (preview === UNKNOWN || preview === update) return [];
  if (!isTree(preview) || !isTree(update)) return [at];
  const keys = new Set([...Object.keys(preview), ...Object.keys(update)]);
  return [...keys].flatMap((key) => contradictions(preview[key], update[key], `${at}.${key}`));
}

/** Every text that holds an unknown value or a refusal of the SDK to turn one into text. */
function spoiled(value: unknown, at: string): string[] {
  if (value === UNKNOWN) return [];
  if (typeof value === "string") {
    return value.includes(UNKNOWN) || value.includes("Output<T>") ? [at] : [];
  }
  return isTree(value) ? Object.entries(value).flatMap(([key, item]) => spoiled(item, `${at}.${key}`)) : [];
}

/** Every input that is marked as secret. */
function secrets(value: unknown, at: string): string[] {
  if (!isTree(value)) return [];
  if (value[rpc.specialSigKey] === rpc.specialSecretSig) return [at];
  return Object.entries(value).flatMap(([key, item]) => secrets(item, `${at}.${key}`));
}

const isTree = (value: unknown): value is Inputs => typeof value === "object" && value !== null;
type Labelled = Pick<Registration, "type" | "name" | "inputs">;
const withoutStack = <R extends Labelled>(resources: R[]): R[] =>
  resources.filter(({ type }) => type !== "pulumi:pulumi:Stack");
const labels = (resources: Labelled[]): string[] =>
  sorted(withoutStack(resources).map(({ type, name }) => `${type} ${name}`));
const inputsOf = ({ registrations }: Run): Inputs =>
  Object.fromEntries(
    withoutStack(registrations).map(({ type, name, inputs }) => [`${type} ${name}`, inputs]),
  );
const componentsOf = ({ registrations }: Run): string[] =>
  registrations.flatMap(({ isCustom, urn }) => (isCustom ? [] : [urn]));
const sorted = (texts: Iterable<string>): string[] => [...texts].toSorted((a, b) => (a < b ? -1 : 1));

/** Who creates a resource: a provider of the program, or the engine's own at a version. */
const createdBy = ({ provider, version }: Registration): string =>
  provider === "" ? `the engine's at ${version}` : provider.replace(/::[^:]*$/, "");

describe.each(["dev", "prod"])("the program of %s, run by the language host", (stack) => {
  let update: Run;
  let preview: Run;

  beforeAll(async () => {
    [update, preview] = await Promise.all([
      runAsLanguageHost(stack, { isPreview: false }),
      runAsLanguageHost(stack, { isPreview: true }),
    ]);
  });

  it("ends well, without a warning and without a word beside the protocol", () => {
    const endings = [update, preview].map(({ exitCode, diagnostics, printed }) => ({
      exitCode,
      diagnostics,
      printed,
    }));
    const well = { exitCode: 0, diagnostics: [], printed: "" };
    expect(endings).toEqual([well, well]);
  });

  it("looks nothing up", () => {
    expect([...update.lookups, ...preview.lookups]).toEqual([]);
  });

  it("registers what the recorded program does, with the same inputs, in a preview too", async () => {
    const recorded = await evaluate(stack, importProgram);
    expect(labels(update.registrations)).toEqual(labels(recorded));
    expect(labels(preview.registrations)).toEqual(labels(recorded));
    const inputs = await Promise.all(
      recorded.map(async ({ type, name, inputs }) => [
        `${type} ${name}`,
        await rpc.serializeProperties(name, inputs),
      ]),
    );
    expect(contradictions(inputsOf(update), Object.fromEntries(inputs), "")).toEqual([]);
  });

  it("announces in a preview what the update does, leaving open only what the cloud decides", () => {
    expect(contradictions(inputsOf(preview), inputsOf(update), "")).toEqual([]);
  });

  it("never makes text of a value that isn't known", () => {
    expect([...spoiled(inputsOf(preview), "preview"), ...spoiled(inputsOf(update), "update")]).toEqual([]);
  });

  it("says what each component has come to", () => {
    for (const run of [update, preview]) {
      expect(sorted(run.outputs.keys())).toEqual(sorted(componentsOf(run)));
    }
  });

  it("tells the engine which provider creates each resource, but for the images' own", () => {
    const aws = `urn:pulumi:${stack}::perennial::pulumi:providers:aws::aws`;
    for (const { registrations } of [update, preview]) {
      const created = registrations.filter(
        ({ isCustom, type }) => isCustom && !type.startsWith("pulumi:providers:"),
      );
      const others = created.filter((registration) => createdBy(registration) !== aws);
      expect(sorted(others.map((registration) => `${registration.name} ${createdBy(registration)}`))).toEqual(
        ["serving-image the engine's at 0.0.22", "training-image the engine's at 0.0.22"],
      );
    }
  });

  it("hands a person the addresses of the platform", () => {
    const root = `urn:pulumi:${stack}::perennial::pulumi:pulumi:Stack::perennial-${stack}`;
    expect(sorted(Object.keys(update.outputs.get(root) ?? {}))).toEqual(["endpoints", "platform"]);
  });

  it("sends no secret, which would travel through the state", () => {
    expect([...secrets(inputsOf(update), "update"), ...secrets(inputsOf(preview), "preview")]).toEqual([]);
  });
});

describe("the language host", () => {
  it("previews a stack with images and a network of its own", async () => {
    const image = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/image@sha256:${"a".repeat(64)}`;
    const changes = {
      "perennial:trainingImageUri": image,
      "perennial:servingImageUri": image,
      "perennial:subnetIds": '["subnet-0a"]',
      "perennial:securityGroupIds": '["sg-0a"]',
    };
    const preview = await runAsLanguageHost("dev", { isPreview: true, changes });
    expect(preview).toMatchObject({ exitCode: 0, diagnostics: [], printed: "" });
    expect(labels(preview.registrations)).toEqual(labels(await evaluate("dev", importProgram, changes)));
  });

  it("is told of every wrong setting, and doesn't take that for success", async () => {
    const changes = { "perennial:bakeSeconds": "soon", "perennial:approval": "nobody" };
    const refused = await runAsLanguageHost("dev", { isPreview: true, changes });
    expect(refused.exitCode).toBe(ENDED_WITH_ITS_ERRORS_LOGGED);
    expect(refused.registrations.map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
    expect(refused.diagnostics.map((text) => text.split("\n").slice(1, 4))).toEqual([
      [
        "InvalidInput: Pulumi.dev.yaml is refused, 2 faults:",
        '  approval: given "nobody"; Invalid option: expected one of "gate"|"person"',
        '  bakeSeconds: given "soon"; expected a whole number',
      ],
    ]);
  });
});
