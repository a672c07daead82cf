import type { Definition } from "./fillings.ts";
import type { Step } from "./run-workflow.ts";

const text = ({ from, to, isCaught }: Step): string => `${from} ${isCaught ? "-error->" : "->"} ${to}`;

/** Every way from one state to another that a definition has. */
export function waysOf({ States }: Definition): string[] {
  return Object.entries(States)
    .flatMap(([from, { Next, Catch = [], Choices = [], Default }]) => [
      ...[Next, Default, ...Choices.map((choice) => choice.Next)].map((to) => ({
        from,
        to,
        isCaught: false,
      })),
      ...Catch.map((catcher) => ({ from, to: catcher.Next, isCaught: true })),
    ])
    .flatMap(({ to, ...way }) => (to === undefined ? [] : [text({ ...way, to })]))
    .toSorted();
}

/** Keeps what was seen of a definition while its tests ran. */
export class Coverage {
  readonly states = new Set<string>();
  readonly ways = new Set<string>();

  add({ path, steps }: { path: string[]; steps: Step[] }): void {
    for (const state of path) this.states.add(state);
    for (const step of steps) this.ways.add(text(step));
  }

  sortedWays(): string[] {
    return [...this.ways].toSorted();
  }
}
