import { z } from "zod";
import { ModelVersion, ModelVersionPage, Nothing, RegisteredModel } from "./answers.ts";
import { isMissing } from "./runs.ts";
import { TrackingRefused } from "./tracking-fault.ts";
import type { Transport } from "./transport.ts";

const PAGE = "200";

/** Tag of a version that says which package of SageMaker's registry it stands for, by its ARN. */
export const PACKAGE_TAG = "perennial.modelPackageArn";

/** Registered models of a tracking server, their versions and aliases. Every writing may be repeated. */
export class RegisteredModels {
  private readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** The registered model of a name, created where there is none. */
  async model(name: string): Promise<RegisteredModel> {
    const found = await this.find(name);
    if (found !== null) return found;
    try {
      await this.transport.change("POST", "registered-models/create", { name }, Nothing);
    } catch (error) {
      // Somebody was faster.
      if (!(error instanceof TrackingRefused) || error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
    }
    return (await this.find(name)) ?? { aliases: {} };
  }

  /** All versions of a model, ascending. */
  async versions(name: string): Promise<ModelVersion[]> {
    const versions: ModelVersion[] = [];
    let page_token = "";
    do {
      const page = await this.transport.get(
        "model-versions/search",
        { filter: `name='${name}'`, max_results: PAGE, ...(page_token === "" ? {} : { page_token }) },
        ModelVersionPage,
      );
      versions.push(...page.model_versions);
      page_token = page.next_page_token;
    } while (page_token !== "");
    return versions.toSorted((a, b) => a.version - b.version);
  }

  /** @param version `source` is where the artifact lies; without a run it stands by itself. */
  async createVersion(
    name: string,
    version: {
      source: string;
      runId: string | null;
      description: string;
      tags: Readonly<Record<string, string>>;
    },
  ): Promise<ModelVersion> {
    const { source, runId, description } = version;
    const tags = Object.entries(version.tags).map(([key, value]) => ({ key, value }));
    const { model_version: created } = await this.transport.change(
      "POST",
      "model-versions/create",
      { name, source, description, tags, ...(runId === null ? {} : { run_id: runId }) },
      z.object({ model_version: ModelVersion }),
    );
    return created;
  }

  async describeVersion(name: string, version: number, description: string): Promise<void> {
    await this.transport.change(
      "PATCH",
      "model-versions/update",
      { name, version: String(version), description },
      Nothing,
    );
  }

  async setVersionTag(name: string, version: number, key: string, value: string): Promise<void> {
    await this.transport.change(
      "POST",
      "model-versions/set-tag",
      { name, version: String(version), key, value },
      Nothing,
    );
  }

  async deleteVersion(name: string, version: number): Promise<void> {
    await this.transport.change(
      "DELETE",
      "model-versions/delete",
      { name, version: String(version) },
      Nothing,
    );
  }

  async setAlias(name: string, alias: string, version: number): Promise<void> {
    await this.transport.change(
      "POST",
      "registered-models/alias",
      { name, alias, version: String(version) },
      Nothing,
    );
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    await this.transport.change("DELETE", "registered-models/alias", { name, alias }, Nothing);
  }

  /** The registered model of a name; null where there is none. */
  async find(name: string): Promise<RegisteredModel | null> {
    try {
      const schema = z.object({ registered_model: RegisteredModel });
      return (await this.transport.get("registered-models/get", { name }, schema)).registered_model;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}
