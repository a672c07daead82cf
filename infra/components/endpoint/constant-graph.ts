import protobuf from "protobufjs";

/** The part of ONNX's own schema that a constant model takes (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). */
const SCHEMA = `
  syntax = "proto3";
  message AttributeProto { string name = 1; int64 i = 3; int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
  message TypeProto { TensorTypeProto tensor_type = 1; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
  }
`;

const FLOAT = 1;
const INT64 = 7;
const STRING = 8;
const INT_ATTRIBUTE = 2;

/** Columns of the two tensors that a record reaches a model in; a tensor without columns is absent. */
export interface Width {
  strings: number;
  numbers: number;
}

/** ONNX graph that answers every row with `values`, whatever the row says: `prediction`, float32, shape [rows, values]. */
export function constantGraph({ strings, numbers }: Width, values: readonly number[]): Uint8Array {
  const rows = { dim_param: "rows" };
  const tensor = (name: string, elemType: number, columns: number) => ({
    name,
    type: { tensor_type: { elem_type: elemType, shape: { dim: [rows, { dim_value: columns }] } } },
  });
  const inputs = [
    ...(strings === 0 ? [] : [tensor("strings", STRING, strings)]),
    ...(numbers === 0 ? [] : [tensor("numbers", FLOAT, numbers)]),
  ];
  const [first] = inputs;
  if (first === undefined)
    throw new TypeError("a model reads at least one column; strings and numbers are both 0");
  const attribute = (name: string, i: number) => ({ name, i, type: INT_ATTRIBUTE });

  const row = Buffer.from(Float32Array.from(values).buffer);
  const width = Buffer.alloc(8);
  width.writeBigInt64LE(BigInt(values.length));
  const Model = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType("ModelProto");
  const model = {
    ir_version: 8,
    producer_name: "perennial",
    opset_import: [{ domain: "", version: 17 }],
    graph: {
      name: "baseline",
      input: inputs,
      output: [tensor("prediction", FLOAT, values.length)],
      initializer: [
        { name: "row", dims: [1, values.length], data_type: FLOAT, raw_data: row },
        { name: "width", dims: [1], data_type: INT64, raw_data: width },
      ],
      node: [
        {
          name: "rows",
          op_type: "Shape",
          input: [first.name],
          output: ["rows"],
          attribute: [attribute("start", 0), attribute("end", 1)],
        },
        {
          name: "shape",
          op_type: "Concat",
          input: ["rows", "width"],
          output: ["shape"],
          attribute: [attribute("axis", 0)],
        },
        { name: "prediction", op_type: "Expand", input: ["row", "shape"], output: ["prediction"] },
      ],
    },
  };
  return Model.encode(Model.fromObject(model)).finish();
}
