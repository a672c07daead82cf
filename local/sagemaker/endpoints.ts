import { join } from "node:path";
import { asApiError } from "../gateway/answer.ts";
import { Guard, mustBePossible, retainProperties, RollBack } from "./deployment.ts";
import {
  CreateEndpoint,
  describeEndpoint,
  keyOf,
  summarizeEndpoint,
  UpdateEndpoint,
  UpdateWeightsAndCapacities,
  type StoredEndpoint,
} from "./endpoint-requests.ts";
import { Fleet } from "./fleet.ts";
import { invoke } from "./invocation.ts";
import type { Models } from "./models.ts";
import { Records } from "./records.ts";
import { invalid, page, readInput } from "./requests.ts";
import type { Caller, Operations, Surroundings } from "./surroundings.ts";

/** Endpoints: what is in service, and how one fleet replaces another. */
export class Endpoints {
  private readonly surroundings: Surroundings;
  private readonly models: Models;
  private readonly endpoints: Records<StoredEndpoint>;
  private readonly fleets = new Map<string, Fleet>();
  /** New fleets that get a share of the requests while an update is under way. */
  private readonly trials = new Map<string, { fleet: Fleet; share: number }>();
  private readonly changes = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();

  constructor(surroundings: Surroundings, models: Models) {
    this.surroundings = surroundings;
    this.models = models;
    this.endpoints = new Records(join(surroundings.stateFolder, "registry", "endpoints"));
  }

  operations(): Operations {
    return {
      CreateEndpoint: async (input) => this.create(input),
      DescribeEndpoint: async (input) => this.describe(input),
      UpdateEndpoint: async (input, caller) => this.update(input, caller),
      UpdateEndpointWeightsAndCapacities: async (input) => this.scale(input),
      DeleteEndpoint: async (input) => this.delete(input),
      ListEndpoints: async (input) => {
        const { items, ...rest } = page(this.endpoints.all(), keyOf, input, "Descending");
        return { Endpoints: items.map(summarizeEndpoint), ...rest };
      },
    };
  }

  /** Puts back in service what was, after a restart, and waits until it and what was created since answers. */
  async resume(): Promise<void> {
    for (const { EndpointName: name, EndpointStatus, EndpointConfigName } of this.endpoints.all()) {
      // Created since the start: it has its fleet, or is getting one.
      if (this.fleets.has(name) || this.changes.has(name)) continue;
      if (EndpointStatus === "Deleting") {
        this.endpoints.delete(name);
        continue;
      }
      // An update that was under way is undone: the fleet that served is the one to come back.
      this.set(name, { EndpointStatus: "Creating", PendingDeploymentSummary: undefined });
      this.change(name, () => this.startFirst(name, EndpointConfigName));
    }
    await this.settled();
  }

  async invoke(input: Record<string, unknown>): Promise<unknown> {
    const endpoint = this.named(input["EndpointName"]);
    const fleet = this.fleets.get(endpoint.EndpointName);
    if (fleet === undefined) {
      throw invalid(
        `Endpoint ${endpoint.EndpointName} is ${endpoint.EndpointStatus}; it answers once it is InService.`,
      );
    }
    const trial = this.trials.get(endpoint.EndpointName);
    const isTried = trial !== undefined && (this.surroundings.random ?? Math.random)() < trial.share;
    return invoke(this.surroundings, isTried ? trial.fleet : fleet, input);
  }

  /** Writes captured requests that are still in memory. */
  async flushCapture(): Promise<void> {
    for (const fleet of this.fleets.values()) await fleet.flushCapture();
  }

  /** Waits until no endpoint is being created, updated or deleted. */
  async settled(): Promise<void> {
    await Promise.all(this.changes.values());
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("the local cloud is stopping"));
    await this.settled();
    await Promise.all([...this.fleets.values()].map((fleet) => fleet.stop()));
    this.fleets.clear();
  }

  private describe(input: Record<string, unknown>): Record<string, unknown> {
    const endpoint = this.named(input["EndpointName"]);
    return describeEndpoint(endpoint, this.fleets.get(endpoint.EndpointName));
  }

  private create(input: Record<string, unknown>): { EndpointArn: string } {
    const { EndpointName: name, EndpointConfigName, DeploymentConfig } = readInput(CreateEndpoint, input);
    if (this.endpoints.get(name) !== undefined) {
      throw invalid(`Cannot create already existing endpoint "${this.arn(name)}".`);
    }
    this.models.config(EndpointConfigName);
    const EndpointArn = this.arn(name);
    const now = this.now();
    this.endpoints.put(name, {
      EndpointName: name,
      EndpointArn,
      EndpointConfigName,
      EndpointStatus: "Creating",
      ...(DeploymentConfig === undefined ? {} : { LastDeploymentConfig: DeploymentConfig }),
      CreationTime: now,
      LastModifiedTime: now,
    });
    this.announce(name);
    this.change(name, () => this.startFirst(name, EndpointConfigName));
    return { EndpointArn };
  }

  private update(input: Record<string, unknown>, caller: Caller): { EndpointArn: string } {
    const request = readInput(UpdateEndpoint, input);
    const endpoint = this.named(request.EndpointName);
    if (endpoint.EndpointStatus !== "InService") {
      throw invalid(
        `Cannot update endpoint "${endpoint.EndpointArn}" while it is ${endpoint.EndpointStatus}; it must be InService.`,
      );
    }
    if (endpoint.EndpointConfigName === request.EndpointConfigName) {
      throw invalid(
        `Cannot update endpoint "${endpoint.EndpointArn}" to the configuration that it already has.`,
      );
    }
    const config = this.models.config(request.EndpointConfigName);
    mustBePossible(request, config, this.fleets.get(request.EndpointName));
    const PendingDeploymentSummary = {
      EndpointConfigName: request.EndpointConfigName,
      StartTime: this.now(),
    };
    this.set(request.EndpointName, { EndpointStatus: "Updating", PendingDeploymentSummary });
    this.change(request.EndpointName, () => this.replace(request, caller));
    return { EndpointArn: endpoint.EndpointArn };
  }

  /** What autoscaling does, too. Here a variant stays one process, however many instances it stands for. */
  private scale(input: Record<string, unknown>): { EndpointArn: string } {
    const { EndpointName, DesiredWeightsAndCapacities } = readInput(UpdateWeightsAndCapacities, input);
    const endpoint = this.named(EndpointName);
    if (endpoint.EndpointStatus !== "InService") {
      throw invalid(
        `Cannot scale endpoint "${endpoint.EndpointArn}" while it is ${endpoint.EndpointStatus}.`,
      );
    }
    const fleet = this.fleets.get(EndpointName);
    for (const { VariantName, DesiredWeight, DesiredInstanceCount } of DesiredWeightsAndCapacities) {
      const variant = [...(fleet?.variants ?? []), fleet?.shadow].find((one) => one?.name === VariantName);
      if (variant === undefined) {
        throw invalid(`Could not find variant "${VariantName}" of endpoint "${endpoint.EndpointArn}".`);
      }
      variant.weight = DesiredWeight ?? variant.weight;
      variant.instanceCount = DesiredInstanceCount ?? variant.instanceCount;
    }
    return { EndpointArn: endpoint.EndpointArn };
  }

  private delete(input: Record<string, unknown>): Record<string, never> {
    const { EndpointName: name, EndpointStatus, EndpointArn } = this.named(input["EndpointName"]);
    if (EndpointStatus !== "InService" && EndpointStatus !== "Failed") {
      throw invalid(`Cannot delete endpoint "${EndpointArn}" while it is ${EndpointStatus}.`);
    }
    this.set(name, { EndpointStatus: "Deleting" });
    this.change(name, async () => {
      await this.fleets.get(name)?.stop();
      this.fleets.delete(name);
      this.endpoints.delete(name);
    });
    return {};
  }

  private async startFirst(name: string, configName: string): Promise<void> {
    try {
      this.fleets.set(
        name,
        await Fleet.start(this.surroundings, this.models, name, this.models.config(configName)),
      );
      this.set(name, { EndpointStatus: "InService", FailureReason: undefined });
    } catch (error) {
      this.set(name, { EndpointStatus: "Failed", FailureReason: asApiError(error).message });
    }
  }

  /** Blue/green: the new fleet is started and healthy before traffic moves, and moves back while an alarm says so. */
  private async replace(request: UpdateEndpoint, caller: Caller): Promise<void> {
    const { EndpointName: name, EndpointConfigName, DeploymentConfig } = request;
    const blue = this.fleets.get(name);
    let green: Fleet | undefined;
    try {
      green = await Fleet.start(this.surroundings, this.models, name, this.models.config(EndpointConfigName));
      if (blue !== undefined) retainProperties(request, blue, green);
      if (this.surroundings.gateway.faults.takeRollback(name)) throw new RollBack("an injected fault");
      const fleet = green;
      const route = (share: number): void => void this.trials.set(name, { fleet, share });
      const guard = new Guard(this.surroundings, caller, DeploymentConfig);
      await guard.shift(DeploymentConfig, route, this.closing.signal);
      this.fleets.set(name, green);
      this.trials.delete(name);
      await blue?.stop();
      this.set(name, {
        EndpointStatus: "InService",
        EndpointConfigName,
        LastDeploymentConfig: DeploymentConfig,
        PendingDeploymentSummary: undefined,
        FailureReason: undefined,
      });
    } catch (error) {
      await this.rollBack(name, blue, green, asApiError(error).message);
    }
  }

  /** What SageMaker does too: the endpoint ends `InService` with its old configuration, and only the reason tells. */
  private async rollBack(
    name: string,
    blue: Fleet | undefined,
    green: Fleet | undefined,
    why: string,
  ): Promise<void> {
    this.set(name, { EndpointStatus: "RollingBack" });
    this.trials.delete(name);
    await green?.stop();
    this.set(name, {
      EndpointStatus: blue === undefined ? "Failed" : "InService",
      PendingDeploymentSummary: undefined,
      FailureReason: `The deployment was rolled back: ${why}`,
    });
  }

  /** One change of an endpoint at a time runs in the background; callers follow it by DescribeEndpoint. */
  private change(name: string, run: () => Promise<void>): void {
    const running = run().finally(() => this.changes.delete(name));
    this.changes.set(name, running);
  }

  private set(
    name: string,
    change: { [Key in keyof StoredEndpoint]?: StoredEndpoint[Key] | undefined },
  ): void {
    const before = this.named(name);
    const merged = Object.entries({ ...before, ...change, LastModifiedTime: this.now() });
    this.endpoints.put(
      name,
      Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as unknown as StoredEndpoint,
    );
    if (change.EndpointStatus !== undefined && change.EndpointStatus !== before.EndpointStatus)
      this.announce(name);
  }

  private announce(name: string): void {
    const endpoint = this.named(name);
    this.surroundings.events({
      source: "aws.sagemaker",
      "detail-type": "SageMaker Endpoint State Change",
      resources: [endpoint.EndpointArn],
      // "InService" → "IN_SERVICE": the event spells the status differently from the API.
      detail: {
        ...endpoint,
        EndpointStatus: endpoint.EndpointStatus.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase(),
      },
    });
  }

  private named(name: unknown): StoredEndpoint {
    const endpoint = typeof name === "string" ? this.endpoints.get(name) : undefined;
    if (endpoint === undefined) throw invalid(`Could not find endpoint "${this.arn(String(name))}".`);
    return endpoint;
  }

  private now(): number {
    return this.surroundings.clock.now() / 1000;
  }

  private arn(name: string): string {
    const { accountId, region } = this.surroundings.gateway.identity;
    return `arn:aws:sagemaker:${region}:${accountId}:endpoint/${name}`;
  }
}
