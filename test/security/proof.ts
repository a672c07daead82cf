import { type Call, type Permissions, type Placed, shown, type Statement } from "./account.ts";

/** A piece of an Allow statement that could be taken away: the whole, one of its actions, one of its resources. */
interface Piece {
  placed: Placed;
  name: string;
  rest: Statement | null;
  /** Whether the piece could be what allows the action. */
  concerns: (call: Call) => boolean;
}

function piecesOf(placed: Placed): Piece[] {
  const { statement } = placed;
  const { Action, Resource = [] } = statement;
  const without = (list: string[], one: string): string[] => list.filter((other) => other !== one);
  const concernsAny = ({ action }: Call): boolean => Action.includes(action);
  return [
    { placed, name: "the statement", rest: null, concerns: concernsAny },
    ...(Action.length < 2 ? [] : Action).map((action) => ({
      placed,
      name: `action ${action}`,
      rest: { ...statement, Action: without(Action, action) },
      concerns: (call: Call) => call.action === action,
    })),
    ...(Resource.length < 2 ? [] : Resource).map((resource) => ({
      placed,
      name: `resource ${resource}`,
      rest: { ...statement, Resource: without(Resource, resource) },
      concerns: concernsAny,
    })),
  ];
}

/** Who the statement is about: nobody else's calls can depend on it. */
function isAsked(
  { kind, owner }: Placed,
  roleArn: (name: string) => string,
  { by, resource }: Call,
): boolean {
  if (kind === "role") return "role" in by && by.role === owner;
  if (kind === "trust") return resource === roleArn(owner);
  return resource === owner || resource.startsWith(`${owner}/`);
}

/** What one of the given calls shows about each statement. */
export interface Shown {
  placed: Placed;
  /** A call that only this statement allows, where there is one. */
  call: Call | undefined;
}

export interface Proof {
  /** Each piece of an Allow statement that can go without denying any call, as a sentence. */
  unneeded: string[];
  /** Calls, by their place in the list, without which some piece would have nothing to show for it. */
  deciding: ReadonlySet<number>;
  /** For each Allow statement a call that needs it. */
  shown: Shown[];
}

/**
 * Takes every Allow statement away in turn, and every action and every resource of it, and replays the calls: least
 * privilege means that each time at least one of them is denied.
 *
 * @param calls of which those count that the complete policies allow; of two that show the same the earlier one does.
 */
export async function proveLeastPrivilege(permissions: Permissions, calls: readonly Call[]): Promise<Proof> {
  const unneeded: string[] = [];
  const deciding = new Set<number>();
  const statements: Shown[] = [];
  const roleArn = (name: string): string => permissions.roleArn(name);
  const allowed = await allowedOf(permissions, calls);
  for (const placed of permissions.placed.filter(({ statement }) => statement.Effect === "Allow")) {
    const asked = allowed.filter(({ call }) => isAsked(placed, roleArn, call));
    for (const { name, rest, concerns } of piecesOf(placed)) {
      const reduced = permissions.with(placed, rest);
      const first = await firstDenied(
        reduced,
        asked.filter(({ call }) => concerns(call)),
      );
      if (rest === null) statements.push({ placed, call: first?.call });
      if (first === undefined) unneeded.push(`${shown(placed)}: ${name} can go and nothing is denied`);
      else deciding.add(first.place);
    }
  }
  return { unneeded, deciding, shown: statements };
}

async function allowedOf(
  permissions: Permissions,
  calls: readonly Call[],
): Promise<{ call: Call; place: number }[]> {
  const allowed: { call: Call; place: number }[] = [];
  for (const [place, call] of calls.entries()) {
    if (await permissions.allows(call)) allowed.push({ call, place });
  }
  return allowed;
}

async function firstDenied<Of extends { call: Call }>(
  permissions: Permissions,
  asked: Of[],
): Promise<Of | undefined> {
  for (const one of asked) if (!(await permissions.allows(one.call))) return one;
  return undefined;
}
