import type { Context } from "../context.ts";

export type Say = (line: string) => void;

/** Sentences go to standard output, unless that is kept for JSON. */
export const sayer = ({ terminal }: Pick<Context, "terminal">, isJson: boolean): Say => {
  const write = isJson ? terminal.err : terminal.out;
  return (line) => write(`${line}\n`);
};

export function sayThatItGoesOn(say: Say, execution: string): void {
  say(`${execution} goes on without you; perennial status and perennial why ${execution} tell of it.`);
}
