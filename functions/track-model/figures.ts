/** Figures by the names that MLflow shows them under. */
export type Figures = Record<string, number>;

/**
 * The figures in a document of metrics, named by their way through it: `holdout/calibration.slope`. An estimate gives
 * three, the ends of its interval as `….lower` and `….upper`. What isn't defined, texts and curves are left out.
 *
 * @param group part of the data that they are of; MLflow draws it as a section.
 */
export function figuresOf(group: string, metrics: object): Figures {
  const figures: Figures = {};
  collect(figures, `${group}/`, metrics);
  return figures;
}

function collect(figures: Figures, name: string, value: unknown): void {
  if (typeof value === "number") {
    if (Number.isFinite(value)) figures[name] = value;
  } else if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      const own =
        typeof item === "object" && item !== null ? (Reflect.get(item, "name") as unknown) : undefined;
      // Classes have names; the points of a curve have none.
      if (typeof own === "string") collect(figures, below(name, lettersOf(own)), item);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      collect(figures, key === "value" && "lower" in value ? name : below(name, key), member);
    }
  }
}

const below = (name: string, key: string): string => (name.endsWith("/") ? name + key : `${name}.${key}`);

/** MLflow's letters for a name that the spec's author chose. */
const lettersOf = (name: string): string => name.replaceAll(/[^A-Za-z0-9_. -]/g, "_");
