/** Seconds until the second attempt. */
const FIRST_SECONDS = 30;
/** Longest time between two attempts: a server that was away for days is found two hours after its return at the latest. */
const LONGEST_SECONDS = 2 * 60 * 60;

/**
 * How long a message that could not be handled stays out of sight, in seconds: twice as long after each attempt.
 *
 * @param attempts times that it was received, from 1.
 */
export const postponementSeconds = (attempts: number): number =>
  Math.min(FIRST_SECONDS * 2 ** (attempts - 1), LONGEST_SECONDS);
