import type { Registered } from "./deploy.ts";

/** A statement of a role's policy, with the role and the policy it stands in. */
export interface Named {
  role: string;
  policy: string;
  Effect: string;
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, unknown>>;
}

const list = <Item>(value: Item | Item[]): Item[] => (Array.isArray(value) ? value : [value]);

/** Every statement of every role of a recorded program, by the role's physical name. */
export function statementsOf(resources: Registered[]): Named[] {
  const roles = new Map(
    resources
      .filter(({ type }) => type === "aws:iam/role:Role")
      .map(({ name, inputs }) => [`${name}-id`, String(inputs["name"])]),
  );
  return resources
    .filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy")
    .flatMap(({ name, inputs }) =>
      (inputs["policy"].Statement as Omit<Named, "role" | "policy">[]).map((statement) => ({
        role: roles.get(String(inputs["role"])) ?? "no role of the program",
        policy: name,
        ...statement,
        Action: list(statement.Action),
        Resource: list(statement.Resource),
      })),
    );
}
