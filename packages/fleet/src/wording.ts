/** Numbers as a history tells them: three digits say enough to a person. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));
export const percent = (share: number): string => `${short(100 * share)} %`;
export const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? "" : "s"}`;
export const sentence = (parts: readonly string[]): string => {
  const text = parts.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};
