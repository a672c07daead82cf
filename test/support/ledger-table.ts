import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

type Item = Record<string, unknown>;
type Marshalled = Record<string, AttributeValue>;

/**
 * The ledger's table in memory: values are really marshalled, conditions really asked, and a read that isn't consistent
 * answers what stood before the last write. A command or an expression that it doesn't know is an error.
 */
export class LedgerTable {
  /** Every command sent, in order. */
  readonly commands: { name: string; input: unknown }[] = [];
  /** Called before each command; what it throws is what the caller gets. */
  intercept: (name: string, input: Item) => void = () => {};
  private readonly items = new Map<string, Marshalled>();
  private readonly stale = new Map<string, Marshalled | undefined>();

  /** The items as they stand, for a test to look at. */
  get contents(): Item[] {
    return [...this.items.values()].map((item) => unmarshall(item));
  }

  put(item: Item): void {
    this.write(item);
  }

  // Generic like the SDK's own `send`: the answer's type is known by the command.
  readonly send = (async (command: { input: unknown }): Promise<unknown> => {
    const name = command.constructor.name;
    this.commands.push({ name, input: command.input });
    await Promise.resolve(); // As over a network, others may run before the answer.
    this.intercept(name, command.input as Item);
    if (command instanceof GetCommand)
      return { Item: this.get(command.input.Key, command.input.ConsistentRead) };
    if (command instanceof PutCommand) return this.conditionalPut(command.input);
    if (command instanceof UpdateCommand) return this.appendToList(command.input);
    if (command instanceof QueryCommand) return this.query(command.input);
    if (command instanceof DeleteCommand) throw new Error("The ledger deletes nothing.");
    throw new Error(`LedgerTable has no answer for ${name}; add it to test/support/ledger-table.ts.`);
  }) as never;

  private get(key: Item | undefined, isConsistent: boolean | undefined): Item | undefined {
    const id = idOf(key ?? {});
    const item = isConsistent === true ? this.items.get(id) : this.stale.get(id);
    return item === undefined ? undefined : unmarshall(item);
  }

  private write(item: Item): void {
    const id = idOf(item);
    this.stale.set(id, this.items.get(id));
    this.items.set(id, marshall(item, { removeUndefinedValues: true }));
  }

  private conditionalPut(input: PutCommand["input"]): object {
    const item = input.Item ?? {};
    this.check(this.get(item, true), input);
    this.write(item);
    return {};
  }

  private appendToList(input: UpdateCommand["input"]): object {
    if (
      input.UpdateExpression !== "SET #executions = list_append(if_not_exists(#executions, :none), :this)"
    ) {
      throw new Error(`LedgerTable doesn't know the update ${input.UpdateExpression}.`);
    }
    const before = this.get(input.Key, true);
    this.check(before, input);
    const known = (before?.["executions"] ?? []) as unknown[];
    const added = (input.ExpressionAttributeValues?.[":this"] ?? []) as unknown[];
    this.write({
      ...input.Key,
      ...before,
      executions: [...known, ...added],
    });
    return {};
  }

  private check(
    item: Item | undefined,
    input: Pick<
      PutCommand["input"],
      "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
    >,
  ): void {
    const { ConditionExpression, ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input;
    if (ConditionExpression === undefined) return;
    const holds = ConditionExpression.split(" OR ").some((term) => {
      const missing = /^attribute_not_exists\((#\w+)\)$/.exec(term);
      if (missing) return item?.[names?.[missing[1]!] ?? ""] === undefined;
      const equal = /^(#\w+) = (:\w+)$/.exec(term);
      if (equal) return item?.[names?.[equal[1]!] ?? ""] === values?.[equal[2]!];
      const absent = /^NOT contains\((#\w+), (:\w+)\)$/.exec(term);
      if (absent)
        return !((item?.[names?.[absent[1]!] ?? ""] ?? []) as unknown[]).includes(values?.[absent[2]!]);
      throw new Error(`LedgerTable doesn't know the condition ${term}.`);
    });
    if (!holds) throw named("ConditionalCheckFailedException", "The conditional request failed");
  }

  /** Two items a page, so that whoever forgets to turn the page is found out. */
  private query(input: QueryCommand["input"]): object {
    if (
      input.KeyConditionExpression !== "pk = :pk AND sk BETWEEN :first AND :last" ||
      input.ScanIndexForward
    ) {
      throw new Error(`LedgerTable doesn't know the query ${input.KeyConditionExpression}.`);
    }
    const {
      ":pk": pk,
      ":first": first,
      ":last": last,
    } = input.ExpressionAttributeValues as Record<string, string>;
    const from = input.ExclusiveStartKey?.["sk"] as string | undefined;
    const found = this.contents
      .filter((item) => item["pk"] === pk && textOf(item, "sk") >= first! && textOf(item, "sk") <= last!)
      .filter((item) => from === undefined || textOf(item, "sk") < from)
      .toSorted((a, b) => (textOf(a, "sk") < textOf(b, "sk") ? 1 : -1));
    const page = found.slice(0, 2);
    const end = page.at(-1);
    return found.length > 2 ? { Items: page, LastEvaluatedKey: { pk, sk: end?.["sk"] } } : { Items: page };
  }
}

const textOf = (item: Item, key: string): string => String(item[key]);
const idOf = (item: Item): string => `${textOf(item, "pk")} / ${textOf(item, "sk")}`;

/** An error as the SDK's clients throw it: known by its name. */
export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
