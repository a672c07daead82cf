// Writes the few parts of the ONNX format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, field numbers as there)
// that graphs for tests need, so that a test can make any graph it wants without Python.

type Bytes = Uint8Array;

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const seven = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? seven | 0x80 : seven);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const int = (field: number, value: number): Bytes => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Bytes): Bytes =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string): Bytes => bytes(field, Buffer.from(value));
const float = (field: number, value: number): Bytes =>
  Buffer.concat([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);
const message = (field: number, ...parts: Bytes[]): Bytes => bytes(field, Buffer.concat(parts));

const ELEMENT = { float32: 1, int64: 7, string: 8 } as const;

export interface TensorType {
  name: string;
  type: keyof typeof ELEMENT;
  /** A text is a size that the graph leaves open. */
  shape: (number | string)[];
}

export interface Node {
  type: string;
  inputs: string[];
  output: string;
  /** "ai.onnx.ml" for operators of that domain. */
  domain?: string;
  attributes?: Record<
    string,
    { int: number } | { float: number } | { floats: number[] } | { strings: string[] }
  >;
}

export interface GraphParts {
  inputs: TensorType[];
  outputs: TensorType[];
  nodes: Node[];
  /** Constants of float32 by name. */
  constants?: Record<string, { shape: number[]; values: number[] }>;
}

/** Bytes of an ONNX model with opset 18 and ai.onnx.ml 3. */
export function onnxModel(parts: GraphParts): Buffer {
  const graph = [text(2, "test"), ...written(parts)];
  const opset = (domain: string, version: number) => message(8, text(1, domain), int(2, version));
  return Buffer.concat([int(1, 9), message(7, ...graph), opset("", 18), opset("ai.onnx.ml", 3)]);
}

/** A model with more parts at its graph's end: in this format messages of one field are put together. */
export const continued = (model: Buffer, parts: GraphParts): Buffer =>
  Buffer.concat([model, message(7, ...written(parts))]);

function written({ inputs, outputs, nodes, constants = {} }: GraphParts): Bytes[] {
  return [
    ...nodes.map(node),
    ...Object.entries(constants).map(([name, { shape, values }]) =>
      message(
        5,
        ...shape.map((size) => int(1, size)),
        int(2, ELEMENT.float32),
        text(8, name),
        bytes(9, new Uint8Array(Float32Array.from(values).buffer)),
      ),
    ),
    ...inputs.map((tensor) => tensorType(11, tensor)),
    ...outputs.map((tensor) => tensorType(12, tensor)),
  ];
}

function tensorType(field: number, { name, type, shape }: TensorType): Bytes {
  const sizes = shape.map((size) => message(1, typeof size === "number" ? int(1, size) : text(2, size)));
  return message(field, text(1, name), message(2, message(1, int(1, ELEMENT[type]), message(2, ...sizes))));
}

function node({ type, inputs, output, domain = "", attributes = {} }: Node): Bytes {
  const written = Object.entries(attributes).map(([name, value]) => {
    if ("int" in value) return message(5, text(1, name), int(3, value.int), int(20, 2));
    if ("float" in value) return message(5, text(1, name), float(2, value.float), int(20, 1));
    if ("floats" in value) {
      return message(5, text(1, name), ...value.floats.map((number) => float(7, number)), int(20, 6));
    }
    return message(5, text(1, name), ...value.strings.map((string) => text(9, string)), int(20, 8));
  });
  return message(
    1,
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, type),
    ...written,
    text(7, domain),
  );
}
