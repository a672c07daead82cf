import type { Requirement } from "../../identity/identity.ts";
import { arn, keyUse, object, records, scalars, text, type Question } from "./question.ts";

/** DynamoDB's transactions need what their parts need. */
const TRANSACTION_PARTS: Record<string, string> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};

/** One access to a table: a request, or a part of one. */
interface Access {
  operation: string;
  table: string;
  /** The request or part itself, where its keys stand. */
  request: Record<string, unknown>;
}

export function requirementsOfDynamodb(question: Question): Requirement[] {
  const { action, identity } = question;
  return accesses(question).flatMap(({ operation, table, request }) => {
    const tableArn = table.startsWith("arn:") ? table : arn(identity, "dynamodb", `table/${table}`);
    const index = text(request, "IndexName");
    const resource = index === undefined ? tableArn : `${tableArn}/index/${index}`;
    const partitionKey = identity.partitionKeyOf(table.split("/").at(-1) ?? table);
    const leading = partitionKey === undefined ? [] : leadingKeys(request, partitionKey);
    const context: Requirement["context"] = leading.length > 0 ? { "dynamodb:LeadingKeys": leading } : {};
    return [
      { action: `dynamodb:${operation}`, resource: table === "" ? "*" : resource, context },
      ...(action.endsWith("Table") ? [] : keyUse(["kms:Decrypt"], tableArn, "dynamodb", identity)),
    ];
  });
}

function accesses({ action, input }: Question): Access[] {
  const items = records(input["TransactItems"]);
  if (items.length > 0) {
    return items.flatMap((item) =>
      Object.keys(item).map((part) => {
        const request = object(item, part);
        return {
          operation: TRANSACTION_PARTS[part] ?? action,
          table: text(request, "TableName") ?? "",
          request,
        };
      }),
    );
  }
  const batch = object(input, "RequestItems");
  if (Object.keys(batch).length > 0) {
    return Object.keys(batch).map((table) => ({
      operation: action,
      table,
      request: Array.isArray(batch[table]) ? { Writes: batch[table] } : object(batch, table),
    }));
  }
  return [{ operation: action, table: text(input, "TableName") ?? "", request: input }];
}

/** Values of the partition key that a request names. */
function leadingKeys(request: Record<string, unknown>, partitionKey: string): string[] {
  const written = records(request["Writes"]).flatMap((write) => [
    object(object(write, "PutRequest"), "Item"),
    object(object(write, "DeleteRequest"), "Key"),
  ]);
  const named = [object(request, "Key"), object(request, "Item"), ...records(request["Keys"]), ...written];
  const values = named.flatMap((attributes) => Object.values(scalars(object(attributes, partitionKey))));
  return [...new Set([...values, ...queriedKeys(request, partitionKey)])];
}

function queriedKeys(request: Record<string, unknown>, partitionKey: string): string[] {
  const names = scalars(request["ExpressionAttributeNames"]);
  const values = object(request, "ExpressionAttributeValues");
  const condition = text(request, "KeyConditionExpression") ?? "";
  return [...condition.matchAll(/(#?[\w.-]+)\s*=\s*(:\w+)/g)].flatMap(([, name = "", value = ""]) =>
    (names[name] ?? name) === partitionKey ? Object.values(scalars(object(values, value))) : [],
  );
}
