import { join } from "node:path";
import { z } from "zod";
import { Records } from "./records.ts";
import { readInput, Tags } from "./requests.ts";
import type { Operations } from "./surroundings.ts";

type TagList = z.output<typeof Tags>;

/** Tags of whatever has an ARN. */
export class TagStore {
  private readonly tags: Records<TagList>;

  constructor(stateFolder: string) {
    this.tags = new Records(join(stateFolder, "registry", "tags"));
  }

  operations(): Operations {
    return {
      AddTags: async (input) => {
        const { ResourceArn, Tags: added } = readInput(z.object({ ResourceArn: z.string(), Tags }), input);
        return { Tags: this.add(ResourceArn, added) };
      },
      ListTags: async (input) => {
        const { ResourceArn } = readInput(z.looseObject({ ResourceArn: z.string() }), input);
        return { Tags: this.tags.get(ResourceArn) ?? [] };
      },
      DeleteTags: async (input) => {
        const Request = z.object({ ResourceArn: z.string(), TagKeys: z.array(z.string()).min(1) });
        const { ResourceArn, TagKeys } = readInput(Request, input);
        const kept = (this.tags.get(ResourceArn) ?? []).filter(({ Key }) => !TagKeys.includes(Key));
        this.tags.put(ResourceArn, kept);
        return {};
      },
    };
  }

  /** Keeps the tags that something was created with; its ARN is the one member of the answer. */
  noteCreation(action: string, input: Record<string, unknown>, output: unknown): void {
    if (!action.startsWith("Create") || input["Tags"] === undefined) return;
    if (typeof output !== "object" || output === null) return;
    const arn: unknown = Object.values(output)[0];
    const given = Tags.safeParse(input["Tags"]);
    if (typeof arn === "string" && given.success) this.add(arn, given.data);
  }

  private add(arn: string, added: TagList): TagList {
    const keys = new Set(added.map(({ Key }) => Key));
    const all = [...(this.tags.get(arn) ?? []).filter(({ Key }) => !keys.has(Key)), ...added];
    this.tags.put(arn, all);
    return all;
  }
}
