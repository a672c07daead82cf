import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Manifest } from "@perennial/contracts";
import { ArtifactFault, loadArtifact, loadModel } from "@perennial/scoring";
import { describe, expect, it } from "vitest";
import { unpack } from "../../packages/scoring/src/archive.ts";
import {
  artifactArchive,
  artifactFiles,
  artifactFolder,
  INPUTS,
  LINEAR_GRAPH,
  linearProbability,
} from "../support/artifact.ts";

async function faultOf(loading: Promise<unknown>): Promise<ArtifactFault> {
  const outcome: unknown = await loading.catch((error: unknown) => error);
  if (outcome instanceof ArtifactFault) return outcome;
  throw new Error("expected an ArtifactFault", { cause: outcome });
}

const RECORD = { sex: "Female", ward: "2", diagnosis: "250.83", days: 3, weight: 80 };

describe("a whole artifact", () => {
  it("answers the same from its folder and from its archive", async () => {
    const models = [await loadModel(artifactFolder()), await loadArtifact(await artifactArchive())];
    for (const model of models) {
      const [probability] = await model.score([RECORD]);
      expect(probability).toBeCloseTo(linearProbability(RECORD), 6);
      await model.close();
    }
  });

  it("may stand below ./ in its archive, as tar writes a folder's contents", async () => {
    const files = Object.entries(artifactFiles()).map(([name, bytes]) => [`./${name}`, bytes] as const);
    const model = await loadArtifact(await artifactArchive(Object.fromEntries(files)));
    expect(model.manifest.version).toBe("0123456789ab");
  });

  it("is read from its folder whatever else lies there", async () => {
    const folder = artifactFolder({ ...artifactFiles(), "lost+found": Buffer.from("x") });
    expect((await loadModel(folder)).manifest.workload).toBe("test-readmission");
  });
});

describe("a broken folder", () => {
  it("is refused with the name of the file that is missing", async () => {
    const { "structure.json": _, ...files } = artifactFiles();
    const folder = artifactFolder(files);
    const fault = await faultOf(loadModel(folder));
    expect(fault.message).toBe(
      `artifact file structure.json: found nothing; expected a readable file in ${folder}. ` +
        "Fetch the artifact again or train the model anew; nothing was loaded.",
    );
  });

  it.each(["model.onnx", "structure.json", "card.md", "baseline.json", "metrics.json"])(
    "is refused with both hashes where %s was truncated",
    async (file) => {
      const files = artifactFiles();
      const folder = artifactFolder(files);
      const left = (files[file]?.byteLength ?? 0) - 1;
      truncateSync(join(folder, file), left);
      const fault = await faultOf(loadModel(folder));
      const { hashes } = JSON.parse(String(files["manifest.json"])) as Manifest;
      expect(fault.file).toBe(file);
      expect(fault.expected).toBe(
        `SHA-256 ${hashes.files[file as keyof typeof hashes.files]}, as the manifest says`,
      );
      expect(fault.found).toMatch(new RegExp(`^SHA-256 [0-9a-f]{64} over ${left} bytes$`));
    },
  );

  it("is refused where the manifest is half of one", async () => {
    const folder = artifactFolder();
    truncateSync(join(folder, "manifest.json"), 100);
    const fault = await faultOf(loadModel(folder));
    expect([fault.file, fault.expected]).toEqual(["manifest.json", "a manifest of format 1"]);
  });

  it("is refused where the manifest breaks its contract", async () => {
    const folder = artifactFolder();
    writeFileSync(join(folder, "manifest.json"), '{"format": 2}');
    expect((await faultOf(loadModel(folder))).found).toContain("format: given 2");
  });
});

describe("a manifest at odds with itself", () => {
  const [sex, ward, diagnosis, days, weight] = INPUTS as [
    Manifest["inputs"][0],
    Manifest["inputs"][0],
    Manifest["inputs"][0],
    Manifest["inputs"][0],
    Manifest["inputs"][0],
  ];
  it.each([
    [
      "two inputs in one place",
      { inputs: [sex, { ...ward, index: 0 }, diagnosis, days, weight] },
      "the tensor strings has the places 0, 0, 2, not 0 to 2",
    ],
    ["a field twice", { ignored: ["sex"] }, 'the field "sex" stands there twice'],
    [
      "a pattern that is none",
      { inputs: [sex, ward, { ...diagnosis, pattern: "(" } as Manifest["inputs"][0], days, weight] },
      'the pattern of "diagnosis" is no regular expression',
    ],
  ])("is refused for %s", async (_, manifest, found) => {
    const fault = await faultOf(loadModel(artifactFolder(artifactFiles({ manifest }))));
    expect([fault.file, fault.found]).toEqual(["manifest.json", found]);
  });
});

describe("a graph that isn't the manifest's", () => {
  it("is refused for inputs of another width", async () => {
    const graph = {
      ...LINEAR_GRAPH,
      inputs: LINEAR_GRAPH.inputs.map((input) => ({ ...input, shape: ["rows", 2] })),
    };
    const { nodes } = graph;
    const narrow = {
      ...graph,
      nodes: nodes.slice(0, 1),
      outputs: [{ name: "effects", type: "float32" as const, shape: ["rows", 2] }],
    };
    const fault = await faultOf(loadModel(artifactFolder(artifactFiles({ graph: narrow }))));
    expect([fault.file, fault.expected, fault.found]).toEqual([
      "model.onnx",
      "inputs numbers: float32 [rows, 2] and strings: string [rows, 3], as the manifest says",
      "numbers: float32 [rows, 2] and strings: string [rows, 2]",
    ]);
  });

  it("is refused for an output of another name", async () => {
    const graph = {
      ...LINEAR_GRAPH,
      nodes: LINEAR_GRAPH.nodes.map((node) =>
        node.output === "prediction" ? { ...node, output: "probability" } : node,
      ),
      outputs: [{ name: "probability", type: "float32" as const, shape: ["rows", 1] }],
    };
    const fault = await faultOf(loadModel(artifactFolder(artifactFiles({ graph }))));
    expect([fault.expected, fault.found]).toEqual([
      "output prediction: float32 [rows, 1], as the manifest says",
      "none",
    ]);
  });

  it("is refused where onnxruntime can't read it, though its hash is right", async () => {
    const graph = {
      ...LINEAR_GRAPH,
      nodes: [{ type: "NoSuchOperator", inputs: ["numbers"], output: "prediction" }],
    };
    const fault = await faultOf(loadModel(artifactFolder(artifactFiles({ graph }))));
    expect([fault.file, fault.expected]).toEqual(["model.onnx", "an ONNX graph that onnxruntime can run"]);
  });
});

describe("a broken archive", () => {
  it.each([0, 1, 10, 500])("is refused when only its first %i bytes arrived", async (length) => {
    const fault = await faultOf(loadArtifact((await artifactArchive()).subarray(0, length)));
    expect([fault.file, fault.expected]).toEqual(["model.tar.gz", "a whole gzip archive"]);
    expect(fault.found).toMatch(new RegExp(`^${length} bytes: `));
  });

  it("is refused when its tar ends in the middle of a file", async () => {
    const archive = await artifactArchive();
    const half = gzipSync(gunzipSync(archive).subarray(0, 700));
    const fault = await faultOf(loadArtifact(half));
    expect([fault.file, fault.expected]).toEqual(["model.tar.gz", "a whole tar archive"]);
  });

  it("is refused when it is no tar", async () => {
    const fault = await faultOf(loadArtifact(gzipSync(Buffer.alloc(2048, "x"))));
    expect(fault.expected).toBe("a whole tar archive");
  });

  it("is refused before it fills the memory", async () => {
    const bomb = gzipSync(Buffer.alloc(3 * 2 ** 20));
    const fault = await faultOf(unpack(bomb, ["a"], 2));
    expect([fault.expected, fault.found]).toEqual(["at most 2 MiB unpacked", "more than that"]);
  });

  it.each(["../model.onnx", "/etc/passwd", "..\\card.md", "models/card.md", "extra.txt"])(
    "is refused for holding %s",
    async (name) => {
      const fault = await faultOf(loadArtifact(await artifactArchive(artifactFiles(), [{ name }])));
      expect(fault.file).toBe(JSON.stringify(name));
      expect(fault.found).toBe("another name");
    },
  );

  it("is refused for holding a link", async () => {
    const link = { name: "model.onnx", type: "symlink" as const, linkname: "/etc/passwd" };
    const fault = await faultOf(loadArtifact(await artifactArchive({}, [link])));
    expect([fault.file, fault.expected, fault.found]).toEqual(['"model.onnx"', "a plain file", "a symlink"]);
  });

  it("is refused for holding a file twice", async () => {
    const fault = await faultOf(loadArtifact(await artifactArchive(artifactFiles(), [{ name: "card.md" }])));
    expect([fault.file, fault.found]).toEqual(['"card.md"', "it twice"]);
  });

  it("is refused for a missing file", async () => {
    const { "model.onnx": _, ...files } = artifactFiles();
    const fault = await faultOf(loadArtifact(await artifactArchive(files)));
    expect([fault.file, fault.found]).toEqual(["model.onnx", "nothing"]);
  });
});
