import type { Surroundings } from "./surroundings.ts";

interface Checked {
  timeoutMs?: number;
  attemptTimeoutMs?: number;
  retries?: number;
  concurrency?: number;
}

/** Timers take no more: 2^31 - 1 milliseconds, almost 25 days. */
const LONGEST_MS = 2_147_483_647;

const RANGES: Record<keyof Checked, readonly [min: number, max: number]> = {
  timeoutMs: [1, LONGEST_MS],
  attemptTimeoutMs: [1, LONGEST_MS],
  retries: [0, 20],
  concurrency: [1, 256],
};

/** @throws {TypeError} with every option that is out of its range. */
export function checkOptions(options: Checked): void {
  const faults = Object.entries(RANGES).flatMap(([name, [min, max]]) => {
    const value = options[name as keyof Checked];
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
    return [`${name} is ${String(value)}, expected a whole number from ${min} to ${max}`];
  });
  if (faults.length > 0) throw new TypeError(`client options: ${faults.join("; ")}`);
}

// The name of a variant, as SageMaker has it. The HTTP API takes a header that is no name for none at all.
const VARIANT = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** @throws {TypeError} if no variant can be named so. */
export function checkTargetVariant(given: string | undefined): void {
  if (given === undefined || VARIANT.test(given)) return;
  throw new TypeError(
    `targetVariant is ${JSON.stringify(given)}, expected the name of a variant: 1 to 63 letters, digits and -, at both ends no -`,
  );
}

const LONGEST_ID = 64;
// What the HTTP API passes on; SageMaker takes ids of up to 64 characters.
const ID = /^[\w-]+$/;

/**
 * An inference id for each request.
 *
 * @throws {TypeError} if the given one can't stand in a header and a log, or leaves no room for the requests' numbers.
 */
export function inferenceIds(
  given: string | undefined,
  requests: number,
  surroundings: Surroundings,
): string[] {
  const suffix = (place: number) => (requests > 1 ? `-${place + 1}` : "");
  if (given === undefined) return Array.from({ length: requests }, () => surroundings.newId());
  const most = LONGEST_ID - suffix(requests - 1).length;
  if (!ID.test(given) || given.length > most) {
    throw new TypeError(
      `inferenceId is ${JSON.stringify(given)}, expected 1 to ${most} letters, digits, - and _ for ${requests} request${requests === 1 ? "" : "s"}`,
    );
  }
  return Array.from({ length: requests }, (_, place) => given + suffix(place));
}
