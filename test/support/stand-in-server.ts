import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Heard {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Answers every request as a test says, on 127.0.0.1, and keeps what it was asked. */
export class StandInServer {
  readonly heard: Heard[] = [];
  /** How it answers; a status without a body, or nothing at all for as long as the test lasts. */
  answer: (request: Heard, response: ServerResponse) => void = (_, response) => response.writeHead(503).end();
  private readonly server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const heard = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      this.heard.push(heard);
      this.answer(heard, response);
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
