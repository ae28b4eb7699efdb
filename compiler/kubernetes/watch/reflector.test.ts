/** The loop around the state machine: what it asks, over connections that are cut, silent, or closed by whoever owns it. */

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KubernetesClient } from "../client/kubernetes-client.ts";
import { RESOURCE_TYPES } from "../client/resource-types.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";

const ADDRESS = "127.61.22.1";
const open: { close(): Promise<void> }[] = [];
let server: http.Server;
let client: KubernetesClient;
/** What was asked, and how to answer it. */
let asked: { query: URLSearchParams; path: string; answer: http.ServerResponse }[];
let heard: () => void;

beforeEach(async () => {
  asked = [];
  heard = () => {};
  server = http.createServer((request, answer) => {
    const { pathname, searchParams } = new URL(request.url!, "http://server");
    asked.push({ query: searchParams, path: pathname, answer });
    heard();
  });
  server.listen(0, ADDRESS);
  await once(server, "listening");
  client = new KubernetesClient({
    server: new URL(`http://${ADDRESS}:${(server.address() as AddressInfo).port}`),
    origin: "a test",
    defaultNamespace: "default",
    authorities: () => undefined,
    insecure: false,
    credentials: { current: async () => ({}), refused() {} },
    impersonation: {},
  });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const one of open.splice(0)) {
    await one.close();
  }
  await client.close();
  server.closeAllConnections();
  server.close();
});

/** The question of that number, as soon as it is asked. */
async function question(n: number): Promise<(typeof asked)[number]> {
  while (asked.length <= n) {
    await new Promise<void>((resolve) => {
      heard = resolve;
    });
  }
  return asked[n]!;
}

function follow(more: Partial<ReflectorOptions> = {}) {
  const problems: string[] = [];
  const changes: (readonly string[])[] = [];
  const reflector = new Reflector({
    client,
    type: RESOURCE_TYPES.Service,
    onChange: (keys) => changes.push(keys),
    onProblem: (line) => problems.push(line),
    ...more,
  });
  open.push(reflector);
  return { reflector, problems, changes, started: reflector.start() };
}

function service(name: string, version: string): object {
  const metadata = {
    name,
    namespace: "x",
    uid: name,
    resourceVersion: version,
    managedFields: [{ manager: "m" }],
  };
  return { metadata, spec: {} };
}

function list(resourceVersion: string, items: object[], more?: string): string {
  return JSON.stringify({ metadata: { resourceVersion, ...(more && { continue: more }) }, items });
}

function event(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

test("pages are put together, and the watch goes on from their version", async () => {
  const { reflector, changes, started } = follow({
    namespace: "x",
    labelSelector: "a=b",
    fieldSelector: "c=d",
  });
  (await question(0)).answer.end(list("7", [service("a", "3")], "next"));
  (await question(1)).answer.end(list("7", [service("b", "4")]));
  await started;
  const { query, path } = await question(2);
  expect(path).toBe("/api/v1/namespaces/x/services");
  expect(
    asked.map(({ query }) => [query.get("labelSelector"), query.get("fieldSelector"), query.get("continue")]),
  ).toEqual([
    ["a=b", "c=d", null],
    ["a=b", "c=d", "next"],
    ["a=b", "c=d", null],
  ]);
  expect([query.get("watch"), query.get("resourceVersion"), query.get("allowWatchBookmarks")]).toEqual([
    "true",
    "7",
    "true",
  ]);
  expect(changes).toEqual([["x/a", "x/b"]]);
  expect(reflector.get("x/a")).toEqual({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a", namespace: "x", uid: "a", resourceVersion: "3" },
    spec: {},
  });
});

test("a watch that is cut in the middle of an event goes on after the last whole one", async () => {
  const { reflector, started } = follow();
  (await question(0)).answer.end(list("7", []));
  await started;
  const { answer } = await question(1);
  answer.write(event("ADDED", service("a", "8")) + event("BOOKMARK", { metadata: { resourceVersion: "9" } }));
  answer.write(event("ADDED", service("b", "10")).slice(0, 30), () => answer.destroy());
  const again = await question(2);
  expect(again.query.get("resourceVersion")).toBe("9");
  again.answer.write(event("ADDED", service("b", "10")));
  await expect.poll(() => [...reflector.all()].map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
});

test("a connection that is silent for too long is given up, and nothing is listed again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { started } = follow();
  (await question(0)).answer.end(list("7", []));
  await started;
  const { answer } = await question(1);
  answer.writeHead(200).flushHeaders();
  await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(101_000);
  vi.useRealTimers();
  expect((await question(2)).query.get("resourceVersion")).toBe("7");
});

test("410 in the middle of a watch asks for a list", async () => {
  const { reflector, changes, started } = follow();
  (await question(0)).answer.end(list("7", [service("a", "3")]));
  await started;
  const expired = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
  (await question(1)).answer.end(event("ADDED", service("b", "8")) + event("ERROR", expired));
  (await question(2)).answer.end(list("12", [service("b", "8")]));
  expect((await question(3)).query.get("resourceVersion")).toBe("12");
  expect([...reflector.all()]).toHaveLength(1);
  expect(changes).toEqual([["x/a"], ["x/b"], ["x/a"]]);
});

test.each([
  ["a web page", "<html>log in</html>\n", "a watch of services sends something that is not JSON"],
  ["something else", '{"a":1}\n', "sends an event of an unknown type"],
  ["an object without a name", event("ADDED", { metadata: {} }), "one of the services has no name"],
  ["an event without end", "x".repeat(9 << 20), "an event of services has more than 8 MB"],
])("a watch that sends %s is said in one line, and tried in another way", async (_, text, words) => {
  // The shortest of all pauses.
  vi.spyOn(Math, "random").mockReturnValue(0);
  const { problems, started } = follow();
  (await question(0)).answer.end(list("7", []));
  await started;
  for (let n = 1; n <= 3; n++) {
    const { answer } = await question(n);
    answer.write(text);
  }
  expect((await question(4)).query.get("watch")).toBeNull();
  expect(problems[0]).toContain(words);
  expect(problems[0]).not.toContain("\n");
});

test("what is closed asks for nothing more, in whatever it was", async () => {
  const listing = follow();
  await question(0);
  await listing.reflector.close();
  await listing.started;
  const watching = follow();
  (await question(1)).answer.end(list("7", []));
  await watching.started;
  const { answer } = await question(2);
  answer.write(event("ADDED", service("a", "8")));
  await expect.poll(() => watching.changes).toHaveLength(1);
  await watching.reflector.close();
  expect(asked).toHaveLength(3);
});
