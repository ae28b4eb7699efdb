import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Door } from "./door.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

test("a door that is closed lets go of everybody, on a Unix socket too", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-door-"));
  try {
    for (const listen of ["127.0.0.1:0", `unix:${path.join(folder, "ads.sock")}`]) {
      let arrived = 0;
      const door = await Door.open({
        listen,
        protocol: "HTTP/2",
        onConnection: () => arrived++,
        onProblem: (line) => expect.unreachable(line),
      });
      const connect = () =>
        listen.startsWith("unix:")
          ? net.connect(listen.slice("unix:".length))
          : net.connect(door.port, "127.0.0.1");
      const clients = [connect(), connect()];
      for (const client of clients) {
        client.write(PREFACE);
        client.on("error", () => {});
      }
      while (arrived < clients.length) {
        await new Promise(setImmediate);
      }
      door.close();
      await Promise.all(clients.map((client) => once(client.resume(), "close")));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
