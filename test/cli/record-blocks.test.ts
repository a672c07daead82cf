import * as fc from "fast-check";
import { expect, it } from "vitest";
import { csvLinesOf } from "../../apps/cli/batch/lines.ts";
import { MAX_RECORD_BYTES, recordBlocks } from "../../apps/cli/batch/record-blocks.ts";

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size);
}

async function blocksOf(
  text: string,
  pieceBytes: number,
  kind: "csv" | "jsonl",
  blockBytes = 20,
): Promise<string[]> {
  const blocks: string[] = [];
  for await (const block of recordBlocks(piecesOf(Buffer.from(text), pieceBytes), kind, blockBytes)) {
    blocks.push(Buffer.from(block).toString());
  }
  return blocks;
}

it("cuts at line breaks, and not within quotes", async () => {
  expect(await blocksOf('a,b\n1,"x\ny"\n2,z\n3,"long\nlonger\nlongest"\n4,w', 7, "csv")).toEqual([
    'a,b\n1,"x\ny"\n2,z\n',
    '3,"long\nlonger\nlongest"\n4,w',
  ]);
});

it("cuts the same blocks however the bytes arrive, and from the end of any of them on", async () => {
  const cell = fc.constantFrom("1", "", "longer", '"a,b"', '"a\nb"', '"say ""x"""', "é");
  const text = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 50 }), async (rows, size) => {
      const csv = rows.map((cells) => `${cells.join(",")}\n`).join("");
      const blocks = await blocksOf(csv, 1_000, "csv");
      expect(blocks.join("")).toBe(csv);
      expect(await blocksOf(csv, size, "csv")).toEqual(blocks);
      const [first = "", ...rest] = blocks;
      expect(await blocksOf(csv.slice(first.length), size, "csv")).toEqual(rest);
      const whole = csvLinesOf(csv).lines.map(({ cells }) => cells);
      expect(blocks.flatMap((block) => csvLinesOf(block).lines.map(({ cells }) => cells))).toEqual(whole);
    }),
  );
});

it("gives up a record that never ends at its first line", async () => {
  const open = `1,"x\n${"2,y\n".repeat(MAX_RECORD_BYTES / 4)}`;
  const [first] = await blocksOf(open, 65_536, "csv", 1024);
  expect(first).toBe('1,"x\n');
});
