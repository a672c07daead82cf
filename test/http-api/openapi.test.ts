import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { documentPage, openApiDocument, type OpenApiDocument, PROBLEMS, routesOf } from "@perennial/http-api";
import { createConfig, lint } from "@redocly/openapi-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkloads } from "../../infra/workloads.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const folder = mkdtempSync(join(tmpdir(), "perennial-openapi-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function faultsOf(document: unknown): Promise<string[]> {
  const file = join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  // Its examples are held against its schemas, too.
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lint({ ref: file, config });
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const document = (changes: Partial<Parameters<typeof openApiDocument>[1]> = {}): OpenApiDocument =>
  openApiDocument([TEST_SPEC], { auth: "key", isOpen: true, maxBodyKiB: 1024, ...changes });

describe("the OpenAPI document", () => {
  let workloads: OpenApiDocument;

  beforeAll(async () => {
    const specs = (await readWorkloads(join(import.meta.dirname, "../../workloads"), [])).map(
      ({ spec }) => spec,
    );
    workloads = openApiDocument(specs, { auth: "key", isOpen: false, maxBodyKiB: 1024 });
  });

  it("of all workloads has nothing that a strict linter finds fault with", async () => {
    expect(await faultsOf(workloads)).toEqual([]);
  });

  it.each(["key", "jwt", "iam"] as const)("passes the linter with %s", async (auth) => {
    expect(await faultsOf(document({ auth }))).toEqual([]);
  });

  it("is held to its schemas: the linter sees an example that doesn't fit", async () => {
    const broken = document();
    const schema =
      broken.components.schemas["ReadmissionRecord"] ?? Object.values(broken.components.schemas)[1];
    expect(schema).toMatchObject({ required: ["days"] });
    Object.assign(schema ?? {}, { required: ["days", "weight"] });
    expect((await faultsOf(broken)).length).toBeGreaterThan(0);
  });

  it("names every route, and no other", () => {
    expect(Object.keys(document().paths)).toEqual(routesOf([TEST_SPEC]).map(({ path }) => path));
    expect(routesOf([{ name: "churn" }]).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /docs",
      "GET /healthz",
      "GET /openapi.json",
      "POST /v1/churn/predict",
      "GET /v1/churn/schema",
    ]);
  });

  it("asks for credentials everywhere, but for what the stack opens", () => {
    const open = (api: OpenApiDocument) =>
      Object.entries(api.paths)
        .filter(([, operations]) => Object.values(operations).some(({ security }) => Array.isArray(security)))
        .map(([path]) => path);
    expect(open(document())).toEqual(["/docs", "/healthz", "/openapi.json"]);
    expect(open(document({ isOpen: false }))).toEqual([]);
    expect(document({ auth: "jwt" }).security).toEqual([{ jwt: [] }]);
  });

  it("is the same each time", () => {
    expect(JSON.stringify(document())).toBe(JSON.stringify(document()));
  });
});

describe("the page", () => {
  it("asks nothing of anybody else and runs nothing", () => {
    const page = documentPage(document());
    expect(page.match(/\b(?:src|href)="[^"]*"/g)).toEqual(['href="openapi.json"']);
    expect(page).not.toMatch(/<script|@import|url\(|https?:\/\//);
  });

  it("shows texts of a spec as texts", () => {
    const page = documentPage(
      openApiDocument([{ ...TEST_SPEC, title: "<b>&'\"" }], { auth: "key", isOpen: true, maxBodyKiB: 1 }),
    );
    expect(page).toContain("&lt;b&gt;&amp;&#39;&quot;");
    expect(page).not.toContain("<b>");
  });

  it("lists every problem", () => {
    const page = documentPage(document());
    const missing = Object.keys(PROBLEMS).filter((kind) => !page.includes(`urn:perennial:problem:${kind}<`));
    expect(missing).toEqual([]);
  });
});
