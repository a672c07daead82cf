import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { outputsOf } from "../provider/index.ts";
import { plainInputs } from "./plain.ts";
import type { Account, RecordedResource } from "./resource.ts";

/** What Pulumi's engine is told when the program registers a resource. Only what is read here is described. */
interface RegisterRequest {
  getCustom(): boolean;
  getParent(): string;
  getType(): string;
  getName(): string;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
}
type Respond = (error: unknown, response: { getUrn(): string } | undefined) => void;

/**
 * Stands in for Pulumi's engine: records what the program registers, in order, and answers each resource with the outputs
 * that the local provider computes for it.
 */
export async function record(
  project: string,
  stack: string,
  account: Account,
  runProgram: () => Promise<unknown>,
): Promise<RecordedResource[]> {
  const recorded: RecordedResource[] = [];
  const faults: unknown[] = [];
  let request: RegisterRequest | null = null;

  const mocks: pulumi.runtime.Mocks = {
    async newResource({ type, name, inputs, custom }) {
      // Set just before this is called, in the same turn.
      const asked = request;
      if (custom !== true || asked === null) return { id: `${name}-component`, state: inputs };
      const plain = await plainInputs(inputs as Record<string, unknown>);
      try {
        const { id, outputs } = outputsOf({ type, name, inputs: plain }, account);
        recorded.push({
          type,
          name,
          urn: "",
          id,
          inputs: plain,
          outputs,
          options: {
            parent: asked.getParent(),
            protect: asked.getProtect(),
            retainOnDelete: asked.getRetainondelete(),
            ignoreChanges: asked.getIgnorechangesList(),
            dependencies: asked.getDependenciesList(),
          },
        });
        return { id, state: { ...inputs, ...outputs } };
      } catch (error) {
        faults.push(error);
        throw error;
      }
    },
    call({ token }) {
      throw new Error(`The program looks up ${token}; it is to get such values from its settings.`);
    },
  };

  await pulumi.runtime.setMocks(mocks, project, stack);
  class Monitor extends MockMonitor {
    override async registerResource(req: RegisterRequest, callback: Respond): Promise<void> {
      request = req;
      const place = recorded.length;
      await super.registerResource(req, (error: unknown, response: { getUrn(): string } | undefined) => {
        const urn = response?.getUrn();
        const resource = recorded
          .slice(place)
          .find(({ type, name }) => type === req.getType() && name === req.getName());
        if (resource !== undefined && urn !== undefined) resource.urn = urn;
        callback(error, response);
      });
    }
  }
  pulumi.runtime.setMockOptions(new Monitor(mocks), project, stack);
  await pulumi.runtime.runInPulumiStack(async () => {
    await runProgram();
  });
  await pulumi.runtime.disconnect();
  if (faults.length > 0)
    throw new AggregateError(faults, faults.map((fault) => (fault as Error).message).join("\n"));
  return recorded;
}
