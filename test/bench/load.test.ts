import net, { type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sendLoad } from "./load.ts";

let server: net.Server | undefined;

afterEach(() => {
  server?.close();
});

/** Answers each write with these pieces, one after another. */
async function listening(pieces: readonly string[], onData: (text: string) => void = () => {}) {
  const made = net.createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", async (data) => {
      onData(data.toString());
      for (const piece of pieces) {
        await new Promise((resolve) => socket.write(piece, resolve));
      }
    });
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return (made.address() as AddressInfo).port;
}

const LOAD = {
  requests: [Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  count: 20,
  connections: 2,
  timeoutMs: 30_000,
};

test.each<[string, readonly string[]]>([
  ["of a length", ["HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhello", " world!"]],
  ["in chunks", ["HTTP/1.1 200 OK\r\n\r\n6\r\nhello \r\n", "6\r\nworld!\r\n0", "\r\n\r\n"]],
  [
    "in chunks that look like the end",
    ["HTTP/1.1 200 OK\r\n\r\nb\r\n", "ab\r\n0\r\n\r\ncd\r\n", "0\r\n\r\n"],
  ],
])("a response %s is waited for", async (_, pieces) => {
  const port = await listening(pieces);
  await expect(sendLoad({ ...LOAD, port, expected: { start: "HTTP/1.1 200" } })).resolves.toBeUndefined();
});

test.each([
  [{ start: "HTTP/1.1 503" }, "expected HTTP/1.1 503, got HTTP/1.1 200"],
  [{ start: "HTTP/1.1 200", containing: "no" }, "expected HTTP/1.1 200 … no, got HTTP/1.1 200"],
])("another answer than %o is an error", async (expected, said) => {
  const port = await listening(["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"]);
  await expect(sendLoad({ ...LOAD, port, expected })).rejects.toThrow(said);
});

test("a connection begins with what it opens with", async () => {
  const seen: string[] = [];
  const port = await listening(["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"], (text) => seen.push(text));
  const opening = "PROXY UNKNOWN\r\n";
  await sendLoad({ ...LOAD, count: 3, connections: 1, port, opening, expected: { start: "HTTP/1.1" } });
  expect(seen.join("")).toBe(`${opening}${"GET / HTTP/1.1\r\n\r\n".repeat(3)}`);
});
