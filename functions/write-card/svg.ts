import { escapeHtml } from "./escape.ts";
import type { Plot, PlotPoint } from "./plot.ts";

const SIZE = { width: 460, height: 400, left: 70, right: 28, top: 34, bottom: 54 };
/** Shapes as well as colours tell the series apart. */
const MARKS = [
  { colour: "#0b5394", shape: "circle" },
  { colour: "#b45f06", shape: "square" },
] as const;
const MARK = 4;

/** The plot as a drawing that needs nothing else: axes, ticks, the diagonal, points with their intervals, a legend. */
export function toSvg({ title, xName, yName, ticks, series }: Plot): string {
  const [low, high] = [ticks[0]?.at ?? 0, ticks.at(-1)?.at ?? 1];
  const [innerWidth, innerHeight] = [
    SIZE.width - SIZE.left - SIZE.right,
    SIZE.height - SIZE.top - SIZE.bottom,
  ];
  const x = (value: number) => short(SIZE.left + ((value - low) / (high - low)) * innerWidth);
  const y = (value: number) =>
    short(SIZE.height - SIZE.bottom - ((value - low) / (high - low)) * innerHeight);
  const [left, right, top, bottom] = [x(low), x(high), y(high), y(low)];
  const lines = [
    `<svg role="img" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" xmlns="http://www.w3.org/2000/svg">`,
    `<title>${escapeHtml(title)}</title>`,
    `<desc>${escapeHtml(`${yName} by ${xName}, ${series.map(({ name, points }) => `${points.length} bins of the ${name} part`).join(" and ")}. On the diagonal both are equal.`)}</desc>`,
    ...ticks.flatMap(({ at, label }) => [
      `<path class="grid" d="M${x(at)} ${top}V${bottom}M${left} ${y(at)}H${right}"/>`,
      `<text x="${x(at)}" y="${short(bottom + 16)}" text-anchor="middle">${escapeHtml(label)}</text>`,
      `<text x="${short(left - 6)}" y="${short(y(at) + 4)}" text-anchor="end">${escapeHtml(label)}</text>`,
    ]),
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>`,
    `<path class="diagonal" d="M${left} ${bottom}L${right} ${top}"/>`,
    `<text x="${short((left + right) / 2)}" y="${SIZE.height - 12}" text-anchor="middle">${escapeHtml(xName)}</text>`,
    `<text transform="translate(16 ${short((top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escapeHtml(yName)}</text>`,
  ];
  for (const [place, { name, points }] of series.entries()) {
    const { colour, shape } = MARKS[place % MARKS.length] ?? MARKS[0];
    lines.push(`<g fill="${colour}" stroke="${colour}">`);
    for (const point of points) lines.push(...drawn(point, shape, x, y));
    const at = SIZE.left + 12 + place * 110;
    lines.push(
      mark(at, 16, shape),
      `<text x="${at + 10}" y="20" stroke="none">${escapeHtml(name)}</text>`,
      "</g>",
    );
  }
  return [...lines, "</svg>"].join("\n");
}

type Scale = (value: number) => number;
type Shape = (typeof MARKS)[number]["shape"];

function drawn(point: PlotPoint, shape: Shape, x: Scale, y: Scale): string[] {
  const dot = mark(x(point.x), y(point.y), shape);
  if (point.lower === point.upper) return [dot];
  return [`<path d="M${x(point.x)} ${y(point.lower)}V${y(point.upper)}"/>`, dot];
}

function mark(x: number, y: number, shape: Shape): string {
  return shape === "circle"
    ? `<circle cx="${x}" cy="${y}" r="${MARK}"/>`
    : `<rect x="${short(x - MARK)}" y="${short(y - MARK)}" width="${2 * MARK}" height="${2 * MARK}"/>`;
}

/** Tenths of a pixel are finer than what is seen. */
const short = (value: number): number => Number(value.toFixed(1));
