import type { Call } from "../account.ts";
import { functionNeeds } from "./functions.ts";
import { jobNeeds, networkNeeds, workflowNeeds } from "./jobs.ts";
import { keyNeeds } from "./key.ts";
import type { Need, Subject } from "./need.ts";
import { deliveryNeeds, trustNeeds } from "./services.ts";

/** The one table: who needs what of AWS beyond the calls that a local run shows, why it doesn't show them, and who says so. */
export function awsNeeds(subject: Subject): Need[] {
  return [
    ...keyNeeds(subject),
    ...trustNeeds(subject),
    ...deliveryNeeds(subject),
    ...functionNeeds(subject),
    ...workflowNeeds(subject),
    ...jobNeeds(subject),
    ...networkNeeds(subject),
  ];
}

/** Each need as the calls that it stands for. */
export const callsOf = ({ by, actions, resources, context = {} }: Need): Call[] =>
  actions.flatMap((action) => resources.map((resource) => ({ by, action, resource, context })));

/**
 * Rows of the table without which every statement, action and resource would have its reason all the same.
 *
 * @param deciding places of the calls that show something, of which the needs' own come from `first` on.
 */
export function idleOf(needs: readonly Need[], deciding: ReadonlySet<number>, first: number): Need[] {
  let place = first;
  return needs.filter((need) => {
    const start = place;
    place += callsOf(need).length;
    return !Array.from({ length: place - start }, (_, step) => start + step).some((own) => deciding.has(own));
  });
}
