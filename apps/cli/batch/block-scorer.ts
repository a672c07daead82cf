import { gzipSync } from "node:zlib";
import type { LookedUp } from "@perennial/contracts";
import type { StateKey, StateLookup } from "@perennial/online";
import { FaultList, type Model, type RecordFault } from "@perennial/scoring";
import { Appender, appendedColumns, type Tally } from "./appended.ts";
import type { FileFormat } from "./formats.ts";
import { csvLinesOf, linesOf } from "./lines.ts";

/** What came of a block: all that is written about it. */
export interface ScoredBlock {
  /** Bytes of the output file. */
  output: Uint8Array;
  /** Records that couldn't be scored, by their line within the block, from 0. */
  refused: { place: number; faults: { field: string | null; message: string }[] }[];
  /** Lines in the block. */
  lines: number;
  tally: Tally;
}

export interface BlockScorerArgs {
  model: Model;
  format: FileFormat["kind"];
  /** Whether the output is compressed; each block becomes a gzip member of its own. */
  isCompressed: boolean;
  /** Names of the columns of CSV. */
  names: readonly string[];
  /** Time against which records without one of their own are held, milliseconds since 1970. */
  nowMs: number;
  readStates: (wanted: readonly StateKey[]) => Promise<StateLookup>;
}

interface Candidate {
  place: number;
  text: string;
  record: unknown;
  lookedUp: readonly LookedUp[];
}

type Refused = ScoredBlock["refused"];

/** Scores blocks of one file. */
export class BlockScorer {
  readonly #args: BlockScorerArgs;

  constructor(args: BlockScorerArgs) {
    this.#args = args;
  }

  /** @param isFirst whether the block begins with the header, where the file has one. */
  async score(bytes: Uint8Array, isFirst: boolean): Promise<ScoredBlock> {
    const text = new TextDecoder().decode(bytes);
    const { text: output, ...scored } = await (this.#args.format === "csv"
      ? this.#scoreCsv(text, isFirst)
      : this.#scoreJson(text));
    const written = Buffer.from(output);
    return {
      ...scored,
      output: this.#args.isCompressed && written.byteLength > 0 ? gzipSync(written) : written,
    };
  }

  async #scoreCsv(text: string, isFirst: boolean) {
    const { names, model } = this.#args;
    const { lines: rows, count } = csvLinesOf(text);
    const header = isFirst ? rows.shift() : undefined;
    const columns = header === undefined ? [] : [header.text, ...appendedColumns(model.manifest.task)];
    const refused: Refused = [];
    const whole = rows.filter(({ place, cells, isOpen }) => {
      if (!isOpen && cells.length === names.length) return true;
      const message = isOpen
        ? "a quoted field is never closed"
        : `the row has ${cells.length} cells; expected ${names.length}, as many as the header`;
      refused.push({ place, faults: [{ field: null, message }] });
      return false;
    });
    const isLookedUp = model.manifest.lookups.length > 0;
    if (isLookedUp) {
      const candidates = whole.map(({ place, text: row, cells }) => ({
        place,
        text: row,
        record: Object.fromEntries(names.map((name, column) => [name, cells[column]])),
        lookedUp: [],
      }));
      return this.#scoreRecords(
        candidates,
        refused,
        count,
        header === undefined ? "" : `${columns.join(",")}\n`,
      );
    }
    const { predictions, refused: wrong } = await model.predictEach({
      names,
      rows: whole.map(({ cells }) => cells),
    });
    const appender = new Appender(model.manifest.task, predictions);
    let output = header === undefined ? "" : `${columns.join(",")}\n`;
    whole.forEach(({ place, text: row }, index) => {
      const faults = wrong.get(index);
      if (faults === undefined) output += appender.csv(row, index);
      else refused.push({ place, faults: faults.map(faultOf) });
    });
    return { text: output, refused: inOrder(refused), lines: count, tally: appender.tally };
  }

  async #scoreJson(text: string) {
    const { lines, count } = linesOf(text);
    const refused: Refused = [];
    const candidates = lines.flatMap(({ place, text: line }): Candidate[] => {
      try {
        return [{ place, text: line, record: JSON.parse(line) as unknown, lookedUp: [] }];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        refused.push({ place, faults: [{ field: null, message: `the line isn't JSON: ${reason}` }] });
        return [];
      }
    });
    return this.#scoreRecords(candidates, refused, count, "");
  }

  async #scoreRecords(candidates: readonly Candidate[], refused: Refused, lines: number, head: string) {
    const { model, format } = this.#args;
    const completed = await this.#complete(candidates, refused);
    const records = completed.map(({ record }) => record);
    const { predictions, refused: wrong } = await model.predictEach({ records });
    const appender = new Appender(model.manifest.task, predictions);
    let output = head;
    completed.forEach(({ place, text, lookedUp }, index) => {
      const faults = wrong.get(index);
      if (faults !== undefined) refused.push({ place, faults: faults.map(faultOf) });
      else output += format === "csv" ? appender.csv(text, index) : appender.json(text, index, lookedUp);
    });
    return { text: output, refused: inOrder(refused), lines, tally: appender.tally };
  }

  /** Records with what they leave out; those that can't be completed are refused with all that is wrong with them. */
  async #complete(candidates: readonly Candidate[], refused: Refused): Promise<readonly Candidate[]> {
    const { model, nowMs, readStates } = this.#args;
    const records = candidates.map(({ record }) => record);
    if (!model.lookups.areNeeded(records)) return candidates;
    const stateOf = await readStates(model.lookups.wanted(records));
    return candidates.flatMap((candidate): Candidate[] => {
      const faults = new FaultList();
      const [completed] = model.lookups.complete([candidate.record], stateOf, faults, nowMs);
      if (completed !== undefined && faults.total === 0) return [{ ...candidate, ...completed }];
      const all = [...faults.listed, ...model.validate([candidate.record])];
      refused.push({ place: candidate.place, faults: all.map(faultOf) });
      return [];
    });
  }
}

const faultOf = ({ field, message }: RecordFault) => ({ field, message });

const inOrder = (refused: Refused): Refused => refused.toSorted((one, other) => one.place - other.place);
