import * as pulumi from "@pulumi/pulumi";
import { outputsOf } from "./outputs.ts";

/** What a resource is registered with: its inputs and the options that the engine acts on. */
export interface Registered extends pulumi.runtime.MockResourceArgs {
  urn: string;
  opts: Pick<pulumi.CustomResourceOptions, "protect" | "retainOnDelete" | "ignoreChanges">;
}

export interface Project {
  name: string;
  stack: string;
  /** Settings with their namespaces, as text: `perennial:protect` is `"true"`. */
  settings: Record<string, string>;
}

/** Runs `program` against a recorder in place of AWS; returns every resource it registered, in order of type and name. */
export async function deploy(
  program: () => unknown,
  { name, stack, settings }: Project = { name: "test", stack: "test", settings: {} },
): Promise<Registered[]> {
  const registered: Registered[] = [];
  const options = new Map<string, Registered["opts"]>();
  pulumi.runtime.setAllConfig(settings, []);
  await pulumi.runtime.setMocks(
    {
      newResource(resource) {
        const { name, type, inputs } = resource;
        const key = `${type} ${name}`;
        registered.push({ ...resource, urn: key, opts: options.get(key) ?? {} });
        return { id: `${name}-id`, state: { ...outputsOf(type, name, inputs), ...inputs } };
      },
      call({ token }) {
        throw new Error(`deploy() has no answer for the lookup ${token}; add it to test/support.`);
      },
    },
    name,
    stack,
  );
  let failure: { error: unknown } | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    // The recorder is told of inputs only; the options that the engine acts on are seen here.
    pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
      options.set(`${type} ${name}`, actedOn(opts));
      return { props, opts };
    });
    try {
      await program();
    } catch (error) {
      // Thrown from here it would reach the stack's own outputs as well, which nobody awaits.
      failure = { error };
    }
  });
  await pulumi.runtime.disconnect(); // Resources register in the background: wait for the last.
  if (failure !== undefined) throw failure.error;
  return registered
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
}

function actedOn({
  protect,
  retainOnDelete,
  ignoreChanges,
}: pulumi.CustomResourceOptions): Registered["opts"] {
  return {
    ...(protect === undefined ? {} : { protect }),
    ...(retainOnDelete === undefined ? {} : { retainOnDelete }),
    ...(ignoreChanges === undefined ? {} : { ignoreChanges }),
  };
}
