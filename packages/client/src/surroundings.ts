/** What the client takes from where it runs. Tests bring a clock, chance and ids of their own. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 up to, but not including, 1. */
  random(): number;
  newId(): string;
  /** Calls `then` after so many milliseconds, unless what it answers with is called before. */
  after(milliseconds: number, then: () => void): () => void;
}

/** The clock, chance and timers that Node, Lambda and browsers share. */
export const SURROUNDINGS: Surroundings = {
  now: () => Date.now(),
  random: () => Math.random(),
  newId: () => newId(),
  after(milliseconds, then) {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** A page that isn't served over TLS has no `randomUUID`, but the bytes to make one of. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
