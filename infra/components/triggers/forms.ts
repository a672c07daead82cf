import type { RetrainingTrigger, RolloutTrigger } from "@perennial/contracts";

/** How a rule hands an event on: values picked from it, put into the form that the function's contract asks for. */
export interface EventForm {
  inputPaths: Record<string, string>;
  /** JSON with `<name>` where a picked value goes; EventBridge quotes texts itself. */
  inputTemplate: string;
}

type Kind = RetrainingTrigger["kind"] | RolloutTrigger["kind"];

/** Stands for a value picked from the event. */
class Picked {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}
type Shape = string | Picked | { [key: string]: Shape };

const picked = (path: string): Picked => new Picked(path);

function form(kind: Kind, rest: Record<string, Shape>): EventForm {
  const inputPaths: Record<string, string> = {};
  const written = (value: Shape, name: string): string => {
    if (typeof value === "string") return JSON.stringify(value);
    if (value instanceof Picked) {
      inputPaths[name] = value.path;
      return `<${name}>`;
    }
    const entries = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}: ${written(item, key)}`,
    );
    return `{${entries.join(", ")}}`;
  };
  const inputTemplate = written({ kind, id: picked("$.id"), time: picked("$.time"), ...rest }, "");
  return { inputPaths, inputTemplate };
}

export const scheduled = (workload: string): EventForm => form("schedule", { workload });

export const drifted = (workload: string): EventForm =>
  form("drift", { workload, reason: picked("$.detail.state.reason") });

export const requestedByHand = (): EventForm => form("manual", { detail: picked("$.detail") });

export const freezeRequested = (): EventForm => form("freeze", { detail: picked("$.detail") });

export const swept = (): EventForm => form("re-entry", {});

export const approved = (): EventForm =>
  form("approval", {
    modelPackageArn: picked("$.detail.ModelPackageArn"),
    modelPackageGroup: picked("$.detail.ModelPackageGroupName"),
    version: picked("$.detail.ModelPackageVersion"),
  });

export const rolloutRequested = (): EventForm => form("request", { detail: picked("$.detail") });

/** The serving image changed: what is live is rolled out anew. */
export const imageChanged = (stack: string, workload: string): EventForm =>
  form("request", {
    detail: {
      stack,
      workload,
      kind: "image",
      reason: "The serving image changed.",
      requestedBy: "deployment",
    },
  });
