/** What `/metrics` is answered as (OpenMetrics 1.0). */
export const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

/** A number that only grows, for each value of one label. */
export class CounterFamily {
  readonly #name: string;
  readonly #help: string;
  readonly #label: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string, label: string) {
    this.#name = name;
    this.#help = help;
    this.#label = label;
  }

  add(value: string, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }

  get text(): string {
    const samples = [...this.#counts].map(([value, count]) =>
      sample(`${this.#name}_total`, { [this.#label]: value }, count),
    );
    return family(this.#name, "counter", this.#help, samples);
  }
}

/** How many durations were at most how long. */
export class DurationHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds upper ends of the buckets in seconds, ascending; beyond the last comes one without an end. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(seconds: number): void {
    const found = this.#bounds.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  get text(): string {
    let total = 0;
    const buckets = this.#counts.map((count, bucket) => {
      total += count;
      const bound = this.#bounds[bucket];
      return sample(`${this.#name}_bucket`, { le: bound === undefined ? "+Inf" : numeral(bound) }, total);
    });
    const sums = [sample(`${this.#name}_count`, {}, total), sample(`${this.#name}_sum`, {}, this.#sum)];
    return family(this.#name, "histogram", this.#help, [...buckets, ...sums], "seconds");
  }
}

/** A counter without labels. */
export const counterText = (name: string, help: string, total: number): string =>
  family(name, "counter", help, [sample(`${name}_total`, {}, total)]);

/** A number as it is now. */
export const gaugeText = (name: string, help: string, value: number, unit?: string): string =>
  family(name, "gauge", help, [sample(name, {}, value)], unit);

/** Facts in text, as the labels of a 1. */
export const infoText = (name: string, help: string, facts: Labels): string =>
  family(name, "info", help, [sample(`${name}_info`, facts, 1)]);

/** Families as one document, with the mark that nothing is missing. */
export const openMetrics = (families: readonly string[]): string => `${families.join("")}# EOF\n`;

function family(name: string, type: string, help: string, samples: readonly string[], unit?: string): string {
  const head = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
  ];
  return `${[...head, ...samples].join("\n")}\n`;
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

/** A bound always has a point, so that one bucket has one name. */
const numeral = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : String(bound));

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
