import { createSocket } from "node:dgram";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { portProblems } from "./ports.ts";

test("names the listener, the address and the port that is taken, and only that", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const problems = await portProblems([
      { name: "listener mesh", address: "127.0.0.1", port },
      { name: "listener free", address: "127.0.0.1", port: 0 },
    ]);
    expect(problems).toHaveLength(1);
    for (const part of [String(port), "127.0.0.1", "listener mesh"]) {
      expect(problems[0]).toContain(part);
    }
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a port of UDP is another than that of TCP", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const wanted = { name: "--dns", address: "127.0.0.1", port: socket.address().port };
  try {
    expect(await portProblems([wanted])).toEqual([]);
    const problems = await portProblems([{ ...wanted, protocol: "udp" }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`UDP port ${wanted.port}`);
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
});

test("an address of another machine", async () => {
  expect(await portProblems([{ name: "listener mesh", address: "192.0.2.1", port: 15001 }])).toHaveLength(1);
});
