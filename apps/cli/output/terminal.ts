/** Where a command writes to, and what may be done there. */
export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Columns; Infinity where nobody looks and lines must not be broken. */
  width: number;
  /** Columns of what `err` writes to, where progress is shown. */
  progressWidth: number;
  /** Whether the last line of progress may be written over. */
  isInteractive: boolean;
  /** Colours what goes to `out`. */
  paint: Paint;
  /** Colours what goes to `err`: one of the two may be a file. */
  paintError: Paint;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow";
export type Paint = (style: Style, text: string) => string;

const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (style, text) => `\u001B[${CODES[style][0]}m${text}\u001B[${CODES[style][1]}m`;

/** What is known about an output stream. */
interface Stream {
  isTTY?: boolean;
  columns?: number;
}

/**
 * Whether colours are welcome: on a terminal, unless `NO_COLOR` (https://no-color.org) is set to anything or the terminal
 * is dumb.
 */
export function isColoured(
  { isTTY }: Stream,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR = "", TERM } = environment;
  return isTTY === true && NO_COLOR === "" && TERM !== "dumb";
}

/** Columns to keep to. A window that is dragged to almost nothing still gets words. */
export const widthOf = ({ isTTY, columns }: Stream): number =>
  isTTY === true ? Math.max(columns ?? 80, 24) : Infinity;
