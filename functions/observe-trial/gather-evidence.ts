import {
  type Guards,
  type Task,
  type TrialRequest,
  type TrialStrategy,
  VARIANTS,
} from "@perennial/contracts";
import { count, type Findings } from "@perennial/fleet";
import type { Objects } from "@perennial/objects";
import type { Arm } from "@perennial/statistics";
import type { CapturedAnswer } from "./captured-answers.ts";
import { Observation } from "./experiment.ts";
import { answerReader, labelReader, readNew } from "./read-evidence.ts";
import { Shadow } from "./shadow.ts";
import { keepState, readState, type TrialState } from "./trial-state.ts";
import { type HourlyFolder, unread } from "./unread-files.ts";

export interface Tried {
  task: Task;
  strategy: TrialStrategy;
  guards: Guards;
  now: Date;
}

/** How late SageMaker may write what it captured, and whoever knows outcomes what they know, in hours. */
const LATE_HOURS = { captures: 3, labels: 48 };

type Folders = Record<Arm | "labels", HourlyFolder>;

/** Reads what answers and labels have come since the last look, keeps it, and says what all of it tells. */
export async function gatherEvidence(
  objects: Pick<Objects, "read" | "readIfThere" | "list" | "write">,
  bucket: string,
  request: TrialRequest,
  { task, strategy, guards, now }: Tried,
): Promise<Findings> {
  const { workload, execution, startedAt } = request;
  const versions: Record<Arm, number> = { champion: request.from.version, challenger: request.version };
  const captures = (arm: Arm): HourlyFolder => ({
    bucket,
    prefix: `capture/${workload}/${request.endpointName}/${VARIANTS[arm]}/`,
    lateHours: LATE_HOURS.captures,
  });
  const folders: Folders = {
    champion: captures("champion"),
    challenger: captures("challenger"),
    labels: { bucket, prefix: `labels/${workload}/`, lateHours: LATE_HOURS.labels },
  };
  const since = new Date(startedAt);
  const uri = `s3://${bucket}/trials/${workload}/${execution}.json.gz`;
  const before = (await readState(objects, uri)) ?? beginning(request, strategy, folders);
  const evidence = resume(task, strategy, guards, before, versions);
  const { bookmarks } = before;
  let { brokenLines, foreignAnswers } = before;

  for (const arm of ["champion", "challenger"] as const) {
    const take = (answer: CapturedAnswer): void => {
      if (answer.version === versions[arm]) evidence.addAnswer(arm, answer);
      else foreignAnswers += 1;
    };
    const read = await readNew(objects, folders[arm], bookmarks[arm], now, answerReader(task, since, take));
    bookmarks[arm] = read.bookmark;
    brokenLines += read.broken;
  }
  // After the answers, so that most labels find theirs at once.
  if (evidence.addLabel !== null) {
    const read = await readNew(
      objects,
      folders.labels,
      bookmarks.labels,
      now,
      labelReader(evidence.addLabel),
    );
    bookmarks.labels = read.bookmark;
    brokenLines += read.broken;
  }
  const findings: Findings = { against: [], missing: [], found: [] };
  evidence.judge(findings);
  if (brokenLines > 0)
    findings.found.push(`${count(brokenLines, "line")} of captures or labels couldn't be read`);
  if (foreignAnswers > 0)
    findings.found.push(`${count(foreignAnswers, "answer")} of other versions left out`);
  await keepState(objects, uri, { ...before, brokenLines, foreignAnswers, evidence: evidence.kept() });
  return findings;
}

function beginning(
  { execution, startedAt }: TrialRequest,
  strategy: TrialStrategy,
  folders: Folders,
): TrialState {
  const since = new Date(startedAt);
  return {
    execution,
    startedAt,
    bookmarks: {
      champion: unread(folders.champion, since),
      challenger: unread(folders.challenger, since),
      labels: unread(folders.labels, since),
    },
    brokenLines: 0,
    foreignAnswers: 0,
    evidence: { kind: strategy.kind, state: null },
  };
}

/** What either kind of trial makes of answers and labels. */
interface Evidence {
  addAnswer: (arm: Arm, answer: CapturedAnswer) => void;
  /** Null where outcomes aren't asked for. */
  addLabel: Parameters<typeof labelReader>[0] | null;
  judge: (findings: Findings) => void;
  kept: () => TrialState["evidence"];
}

function resume(
  task: Task,
  strategy: TrialStrategy,
  guards: Guards,
  { evidence: { kind, state } }: TrialState,
  versions: Record<Arm, number>,
): Evidence {
  if (strategy.kind === "shadow") {
    const shadow = new Shadow(task, kind === "shadow" ? (state ?? undefined) : undefined);
    return {
      addAnswer: (arm, answer) => shadow.add(arm, answer),
      addLabel: null,
      judge: (findings) => shadow.judge(strategy, guards, versions, findings),
      kept: () => ({ kind: "shadow", state: shadow.kept }),
    };
  }
  const observation = new Observation(
    task,
    strategy,
    kind === "experiment" ? (state ?? undefined) : undefined,
  );
  return {
    addAnswer: (arm, answer) => observation.addAnswer(arm, answer),
    addLabel: (label) => observation.addLabel(label),
    judge: (findings) => observation.judge(versions, findings),
    kept: () => ({ kind: "experiment", state: observation.kept }),
  };
}
