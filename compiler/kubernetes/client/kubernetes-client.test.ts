/** The client against servers of TLS and of other things: what it sends, what rotates, and one line for all that goes wrong. */

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Authority, type Pair } from "../../../test/harness/authority.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { ApiError } from "./api-error.ts";
import { KubernetesClient } from "./kubernetes-client.ts";

const ADDRESS = "127.61.20.1";
const folder = mkdtempSync(path.join(tmpdir(), "sluice-client-"));
const open: { close(): unknown }[] = [];
let authority: Authority;
let pair: Pair;

beforeAll(async () => {
  authority = await Authority.create("authority");
  pair = await authority.issue({ names: ["api.test"] });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function listening(server: net.Server): Promise<number> {
  server.listen(0, ADDRESS);
  await once(server, "listening");
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  open.push({
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  });
  return (server.address() as net.AddressInfo).port;
}

function serve(
  listener: http.RequestListener,
  served: Pair = pair,
  more: https.ServerOptions = {},
): Promise<number> {
  return listening(https.createServer({ cert: served.certificate, key: served.key, ...more }, listener));
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function clientOf(port: number, cluster: object = {}, user: object = { token: "secret" }): KubernetesClient {
  const file = path.join(folder, "config");
  writeFileSync(
    file,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [
        {
          name: "k",
          cluster: {
            server: `https://${ADDRESS}:${port}`,
            "tls-server-name": "api.test",
            "certificate-authority-data": base64(authority.certificate),
            ...cluster,
          },
        },
      ],
      users: [{ name: "u", user }],
    }),
  );
  const client = KubernetesClient.fromKubeconfig({ file, env: {} });
  open.push(client);
  return client;
}

const CALL = { path: "/api/v1/pods" };

async function failure(client: KubernetesClient, call = CALL): Promise<Error> {
  const error = await client.request(call).then(
    () => new Error("there is no error"),
    (thrown: Error) => thrown,
  );
  expect(error.message).not.toContain("secret");
  expect(error.message).not.toContain("\n");
  return error;
}

test("a question is sent with its token, its query and its body, over connections that are kept", async () => {
  const seen: unknown[] = [];
  const sockets = new Set<unknown>();
  const port = await serve(async (request, answer) => {
    sockets.add(request.socket);
    const chunks = await request.toArray();
    seen.push([
      request.method,
      request.url,
      request.headers.authorization,
      request.headers["content-type"],
      chunks.join(""),
    ]);
    answer.end('{"kind":"PodList"}');
  });
  const client = clientOf(port);
  expect(await client.request({ ...CALL, query: { fieldSelector: "a=b&c" } })).toEqual({ kind: "PodList" });
  await client.request({
    path: "/x",
    method: "PATCH",
    body: { a: 1 },
    contentType: "application/apply-patch+yaml",
  });
  expect(seen).toEqual([
    ["GET", "/api/v1/pods?fieldSelector=a%3Db%26c", "Bearer secret", undefined, ""],
    ["PATCH", "/x", "Bearer secret", "application/apply-patch+yaml", '{"a":1}'],
  ]);
  expect(sockets.size).toBe(1);
});

test("a client certificate is shown, and another one as soon as its file has it", async () => {
  const pairs = [await authority.issue({ names: ["first"] }), await authority.issue({ names: ["second"] })];
  const seen: unknown[] = [];
  const port = await serve(
    (request, answer) => {
      const name = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
      seen.push(name);
      answer.statusCode = seen.length === 2 ? 401 : 200;
      answer.end("{}");
    },
    pair,
    { ca: authority.certificate, requestCert: true },
  );
  const files = { "client-certificate": path.join(folder, "cert"), "client-key": path.join(folder, "key") };
  const put = ({ certificate, key }: Pair): void => {
    writeFileSync(files["client-certificate"], certificate);
    writeFileSync(files["client-key"], key);
  };
  put(pairs[0]!);
  const client = clientOf(port, {}, files);
  await client.request(CALL);
  put(pairs[1]!);
  await client.request(CALL);
  expect(seen).toEqual(["first", "first", "second"]);
});

test("what the server refuses is an ApiError with its reason", async () => {
  const port = await serve((_, answer) => {
    answer.writeHead(410, { "Retry-After": "2" });
    answer.end('{"kind":"Status","reason":"Expired","message":"too old","details":{"x":1}}');
  });
  const error = await failure(clientOf(port));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 410,
    reason: "Expired",
    message: "too old",
    retryAfterMs: 2000,
    details: { x: 1 },
  });
});

test("one line for credentials that are not accepted, which says whose they are", async () => {
  const port = await serve((_, answer) => {
    answer.writeHead(401).end('{"kind":"Status","reason":"Unauthorized","message":"Unauthorized"}');
  });
  const error = await failure(clientOf(port));
  expect(error).toMatchObject({ status: 401, reason: "Unauthorized" });
  expect(error.message).toContain(`does not accept the credentials (context "c" of ${folder}/config)`);
});

test.each([
  ["refuses", 502, "<html><body>Bad gateway</body></html>", "status 502 with a web page; a proxy in between"],
  ["answers", 200, "<!doctype html>log in", "with a web page"],
  ["answers", 200, "hello", "with something that is not JSON"],
  ["refuses", 403, "", "status 403"],
  ["refuses", 403, `\x1b[2J${"no ".repeat(1000)}`, " no no"],
])("one line where something that %s with %i is no API server", async (_, status, body, words) => {
  const port = await serve((_, answer) => {
    answer.writeHead(status);
    answer.end(body);
  });
  const { message } = await failure(clientOf(port));
  expect(message).toContain(words);
  expect(message.length).toBeLessThan(600);
  expect(message).not.toContain("\x1b");
});

test("one line for a server whose certificate is expired, of another authority, or for another name", async () => {
  const expired = await authority.issue({ names: ["api.test"], days: -1 });
  const stranger = await (await Authority.create("stranger")).issue({ names: ["api.test"] });
  const other = await authority.issue({ names: ["other.test"] });
  for (const [served, words] of [
    [expired, "its certificate has expired"],
    [stranger, "of an authority that is not known here"],
    [
      other,
      'is for other names than "api.test"; use one of its names as `server`, or write it as `tls-server-name`',
    ],
  ] as const) {
    const port = await serve((_, answer) => answer.end("{}"), served);
    const error = await failure(clientOf(port));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.message).toContain(words);
    expect(error.message).toContain(`https://${ADDRESS}:${port} (context "c" of ${folder}/config)`);
  }
  const port = await serve((_, answer) => answer.end("{}"), stranger);
  const trusting = { "insecure-skip-tls-verify": true, "certificate-authority-data": "" };
  expect(await clientOf(port, trusting).request(CALL)).toEqual({});
});

test("one line where no server answers", async () => {
  const closed = net.createServer();
  const port = await listening(closed);
  closed.close();
  expect((await failure(clientOf(port))).message).toContain("connection refused");
  const name = await failure(clientOf(1, { server: "https://nowhere.invalid" }));
  expect(name.message).toContain('the name "nowhere.invalid" cannot be resolved');
});

test("one line where plain HTTP or nothing sensible is spoken", async () => {
  const plain = await listening(http.createServer((_, answer) => answer.end("{}")));
  expect((await failure(clientOf(plain))).message).toContain("does not speak TLS");
  const silent = await listening(net.createServer());
  expect((await failure(clientOf(silent), { ...CALL, timeoutMs: 50 } as typeof CALL)).message).toContain(
    "in time",
  );
  const cut = await listening(net.createServer((socket) => socket.destroy()));
  expect((await failure(clientOf(cut))).message).toContain("cut");
});

test("an answer without end is given up, and so is one that nobody waits for", async () => {
  const port = await serve((_, answer) => {
    const more = (): void => void (answer.destroyed || answer.write("x".repeat(1 << 20), more));
    more();
  });
  expect((await failure(clientOf(port))).message).toContain("has more than 32 MB");
  const silent = await serve(() => {});
  const controller = new AbortController();
  const asked = clientOf(silent).request({ ...CALL, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});

test("a watch is handed over as it comes, and its end or its cut is told", async () => {
  const port = await serve((request, answer) => {
    answer.write("one");
    setImmediate(() => (request.url === "/ends" ? answer.end("two") : answer.destroy()));
  });
  const client = clientOf(port);
  const read = async (asked: string): Promise<string> => {
    let text = "";
    let began = false;
    for await (const chunk of client.stream({ path: asked }, () => {
      began = true;
    })) {
      text += chunk;
    }
    expect(began).toBe(true);
    return text;
  };
  expect(await read("/ends")).toBe("onetwo");
  await expect(read("/cut")).rejects.toThrow("the connection was cut");
});

test("a proxy is asked to connect, with its password, and one line where it does not", async () => {
  const seen: unknown[] = [];
  const port = await serve((_, answer) => answer.end("{}"));
  const proxy = http.createServer();
  proxy.on("connect", (request, socket: net.Socket) => {
    seen.push([request.url, request.headers["proxy-authorization"]]);
    if (request.headers["proxy-authorization"] === undefined) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const there = net.connect(port, ADDRESS);
    there.pipe(socket).pipe(there);
    there.on("error", () => {});
    socket.on("error", () => {});
  });
  const at = await listening(proxy);
  const asked = clientOf(port, { "proxy-url": `http://me:secret%20word@${ADDRESS}:${at}` });
  expect(await asked.request(CALL)).toEqual({});
  expect(seen).toEqual([[`${ADDRESS}:${port}`, `Basic ${base64("me:secret word")}`]]);
  const refused = await failure(clientOf(port, { "proxy-url": `http://${ADDRESS}:${at}` }));
  expect(refused.message).toContain(
    `the proxy http://${ADDRESS}:${at} does not connect to ${ADDRESS}:${port}: it answers 407`,
  );
});
