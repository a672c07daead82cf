import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Lets a closing server end as soon as its last answer is out. Node would wait for connections that never sent a request,
 * and for those that stay open after an answer; by then its own timeouts no longer run.
 */
export function endConnectionsOnClose(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  app.server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  app.server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    silent.delete(socket);
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  app.addHook("preClose", async () => {
    for (const socket of silent) socket.destroy();
    for (const response of underWay) response.shouldKeepAlive = false;
  });
}
