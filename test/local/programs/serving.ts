// A container to serve from: answers with what the model folder says, or as badly as it is told to.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const model = readFileSync(join(process.env["PERENNIAL_ML_ROOT"] ?? "", "model/says.txt"), "utf8");
if (model === "crash") process.exit(3);

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    const answer = (status: number, text: string, headers: Record<string, string> = {}): void => {
      response.writeHead(status, headers).end(text);
    };
    const attributes = String(request.headers["x-amzn-sagemaker-custom-attributes"] ?? "");
    if (request.url === "/ping") answer(model === "sick" ? 503 : 200, "");
    else if (body === "refuse") answer(422, '{"error":"no"}');
    else if (body === "break") answer(500, "broken");
    else if (body === "die") process.exit(1);
    else {
      const id = request.headers["x-amzn-sagemaker-inference-id"];
      answer(200, JSON.stringify({ model, got: body, id }), {
        "content-type": "application/json",
        "x-amzn-sagemaker-custom-attributes": `${attributes};version=${process.env["PERENNIAL_MODEL_VERSION"]}`,
      });
    }
  });
}).listen(Number(process.env["PORT"]), process.env["HOST"]);
process.stdout.write(`serving ${model}\n`);
