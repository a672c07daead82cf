import type { RolloutInput } from "@perennial/contracts";
import { expect, it } from "vitest";
import type { Definition } from "./fillings.ts";
import { failingFirst, type RolloutWorld } from "./rollout-world.ts";
import { type Answers, callsOf, type Run } from "./run-workflow.ts";
import { codeOf, fails } from "./service-answers.ts";

/** Every error that a Task tries again after, as its service throws it. */
export function retriedErrors<Task extends { state: string }>(
  definition: Definition,
  tasks: readonly Task[],
) {
  return tasks.flatMap((task) => {
    const { Resource, Retry } = definition.States[task.state]!;
    const names = Retry!.flatMap(({ ErrorEquals }) => ErrorEquals);
    return names.map((name) => ({ ...task, name, code: codeOf(Resource!, name) }));
  });
}

/** What leads to a state: a world, answers that differ from the world's own, and an input if it isn't the usual one. */
export interface Among<World extends RolloutWorld> {
  world: () => World;
  answers?: (world: World) => Answers;
  input?: RolloutInput;
}

/** A Task, where an error leads that doesn't pass, how the execution ends then, and what leads to it where that isn't usual. */
export interface FailingTask<World extends RolloutWorld> {
  state: string;
  goesOn: string;
  ends: string;
  among?: Among<World>;
}

/** What holds for errors of every Task of a rollout. */
export function meetsErrors<World extends RolloutWorld>(
  definition: Definition,
  tasks: readonly FailingTask<World>[],
  usual: Among<World>,
  /** Code of an error that no Task tries again after. */
  lasting: string,
  run: (world: World, answers: Answers, input: RolloutInput | undefined) => Promise<Run>,
): void {
  const within = async (among: Among<World>, changes: (world: World) => Answers): Promise<Run> => {
    const world = among.world();
    return await run(world, { ...among.answers?.(world), ...changes(world) }, among.input);
  };

  it.each(retriedErrors(definition, tasks))(
    "at $state is tried again when it is $name",
    async ({ state, code, among = usual }) => {
      const without = await within(among, () => ({}));
      const what = callsOf(without, state)[0]!.what;
      const result = await within(among, (world) => ({
        [state]: failingFirst(1, code, world.answers[what]!),
      }));
      expect([result.status, result.error, result.path]).toEqual([
        without.status,
        without.error,
        without.path,
      ]);
      expect(callsOf(result, state).length).toBe(callsOf(without, state).length + 1);
    },
  );

  it.each(tasks)(
    "at $state that doesn't pass is met once, leads to $goesOn and ends as $ends",
    async ({ state, goesOn, ends, among = usual }) => {
      const result = await within(among, () => ({ [state]: fails(lasting) }));
      const place = result.path.indexOf(state);
      expect([callsOf(result, state).length, result.path[place + 1], result.status]).toEqual([
        1,
        goesOn,
        ends,
      ]);
    },
  );
}
