import { afterEach, beforeEach, expect, test } from "vitest";
import type { StreamedEvent } from "../http/event-streams.ts";
import type { LiveUpdate } from "../observe/live.ts";
import type { OpenTap, TapListener, TapQuestion } from "../observe/tap/tap.ts";
import { TapError } from "../observe/tap/tap-error.ts";
import type { TappedRequest } from "../observe/tapped-request.ts";
import type { EnvoyProcess } from "../run/envoy/start.ts";
import type { SessionEvent } from "../run/session-event.ts";
import { texts } from "../source/texts.ts";
import { Workspace } from "../workspace.ts";
import { SessionPage } from "./session-page.ts";

const rules = (weight: number) => `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ port: 80, name: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: other }
spec: { ports: [{ port: 80, name: http }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
  - { name: api, match: [{ uri: { prefix: /api } }], route: [{ destination: { host: shop } }] }
  - name: split
    route:
    - { destination: { host: shop }, weight: ${weight} }
    - { destination: { host: other }, weight: ${100 - weight} }
---
apiVersion: v1
kind: Secret
metadata: { name: key }
data: { tls.key: Y2FuYXJ5 }
`;

/** Says what a test wants to have happened. */
class FakeSession {
  readonly listeners = new Set<(event: SessionEvent) => void>();
  /** Whether something waits to be applied. */
  holds = false;

  apply() {
    return this.holds;
  }

  listen(listener: (event: SessionEvent) => void) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(event: SessionEvent): void {
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

let files: Record<string, string>;
let workspace: Workspace;
let session: FakeSession;
let page: SessionPage;
/** How many look. */
let looking: number;

const REPORT = { at: 1, windowMs: 0, listeners: [], rules: [], clusters: [] };

async function* watch(signal?: AbortSignal): AsyncGenerator<LiveUpdate> {
  looking++;
  try {
    yield { kind: "report", whole: true, report: REPORT };
    yield { kind: "silent", since: 2, why: "it is stopped" };
    await new Promise((resolve) => signal?.addEventListener("abort", resolve));
  } finally {
    looking--;
  }
}

/** Taps that were opened, those that are closed too. */
let taps: { readonly question: TapQuestion; readonly listener: TapListener; closed: boolean }[];

async function open(question: TapQuestion, listener: TapListener): Promise<OpenTap> {
  if (question.rule === "nobody") {
    throw new TapError('no rule is called "nobody"');
  }
  const one = { question, listener, closed: false };
  taps.push(one);
  const progress = { percent: question.percent ?? 100, sampled: 1, matched: 1, dropped: 2, until: 3 };
  return {
    progress,
    async close() {
      one.closed = true;
      listener.onEnd?.("closed");
    },
  };
}

function history(rule: string, match?: string) {
  return { stepMs: 5000, requests: [rule.length, match?.length ?? 0] };
}

beforeEach(async () => {
  files = { "rules.yaml": rules(80) };
  const source = {
    ...texts({}),
    read: (...args: Parameters<ReturnType<typeof texts>["read"]>) => texts(files).read(...args),
  };
  workspace = new Workspace({ source });
  session = new FakeSession();
  const { compilation } = await workspace.compile();
  looking = 0;
  taps = [];
  page = new SessionPage(session, {
    workspace,
    compilation: compilation!,
    live: { watch, history },
    tap: { open },
  });
});
afterEach(async () => {
  page.close();
  await workspace.dispose();
});

function heard(lastEvent?: string): { readonly events: StreamedEvent[]; stop(): void } {
  const events: StreamedEvent[] = [];
  return { events, stop: page.listen((event) => events.push(event), lastEvent) };
}

/** Without what is read of Envoy, which comes when it comes. */
const kinds = (events: readonly StreamedEvent[]) =>
  events
    .filter(({ kind }) => kind !== "report" && kind !== "silent")
    .map(({ kind, data }) => (kind === "event" ? JSON.parse(data).kind : kind));

async function reload(): Promise<void> {
  const { compilation } = await workspace.compile();
  session.tell({ kind: "reloaded", compilation: compilation!, ms: 5 });
}

async function splitOf(asked: SessionPage): Promise<number[] | undefined> {
  const answer = await asked.explain({ text: "GET http://shop/" });
  return "explanation" in answer ? answer.explanation.rule?.split?.map(({ weight }) => weight) : undefined;
}

test("what is shown is what serves, whatever the files say meanwhile", async () => {
  session.tell({
    kind: "serving",
    envoy: {} as EnvoyProcess,
    compilation: (await workspace.compile()).compilation!,
  });
  const first = await page.rules();
  expect(first).toMatchObject({ generation: 1, title: "this Envoy", target: "wasm" });
  expect(first.servedSince).toBeGreaterThan(0);
  files = { "rules.yaml": `# new\n${rules(10)}` };
  expect((await page.rules()).rules[1]!.destinations.map(({ weight }) => weight)).toEqual([80, 20]);
  expect(page.lines(0, 1, 1).lines[0]![0]).toEqual(["key", "apiVersion"]);
  expect(await splitOf(page)).toEqual([80, 20]);
  await reload();
  expect(await splitOf(page)).toEqual([10, 90]);
  const next = await page.rules();
  expect([next.generation, next.rules[1]!.destinations[0]!.weight]).toEqual([2, 10]);
  expect(page.lines(0, 1, 1)).toMatchObject({ generation: 2, lines: [[["comment", "# new"]]] });
});

test("findings of all levels are those of check, of the texts that serve", async () => {
  const { findings } = await page.rules();
  expect(findings).toEqual((await workspace.check()).diagnostics);
  expect(findings.length).toBeGreaterThan(0);
  files = { "rules.yaml": "kind: {" };
  expect((await page.rules()).findings).toEqual(findings);
});

test("who listens is told what there is, and then what happens", async () => {
  const { events, stop } = heard();
  expect(events.slice(0, 2)).toEqual([
    { kind: "rules", data: '{"generation":1}' },
    { kind: "pending", data: "null" },
  ]);
  const { compilation } = await workspace.compile();
  session.tell({ kind: "serving", envoy: {} as EnvoyProcess, compilation: compilation! });
  session.tell({ kind: "envoy", line: "no news" });
  await reload();
  session.tell({ kind: "stopped" });
  expect(kinds(events).slice(3)).toEqual(["rules", "serving", "rules", "reloaded", "stopped"]);
  stop();
  const { length } = events;
  await reload();
  expect(events).toHaveLength(length);
});

test("Envoy is read for as long as somebody looks, and when it does not answer, that is told", async () => {
  await page.rules();
  expect(looking).toBe(0);
  const [first, second] = [heard(), heard()];
  expect(looking).toBe(2);
  await expect.poll(() => first.events.map(({ kind }) => kind)).toContain("silent");
  expect(first.events.slice(-2)).toEqual([
    { kind: "report", data: JSON.stringify(REPORT) },
    { kind: "silent", data: JSON.stringify({ since: 2, why: "it is stopped" }) },
  ]);
  first.stop();
  second.stop();
  await expect.poll(() => looking).toBe(0);
});

test("the last hour of a rule, and of one of its matches", () => {
  expect(page.history("shop", undefined)).toEqual({ rule: "shop", stepMs: 5000, requests: [4, 0] });
  expect(page.history("shop", "old")).toMatchObject({ match: "old", requests: [4, 3] });
});

test("the end is told once, and why where the session does not say it", async () => {
  const { events } = heard();
  page.close("Envoy exited (killed by SIGKILL)");
  page.close();
  const told = events.filter(({ kind }) => kind === "event").map(({ data }) => JSON.parse(data));
  expect(told).toEqual([
    { at: expect.any(Number), kind: "stopped", text: "Envoy exited (killed by SIGKILL)" },
  ]);
});

test("who comes back is told what it missed and not more; who comes from another run, everything", async () => {
  const first = heard();
  await reload();
  await reload();
  first.stop();
  const ids = first.events.flatMap(({ id }) => (id === undefined ? [] : [String(id)]));
  expect(kinds(heard(ids[0]).events)).toEqual(["rules", "pending", "tapState", "reloaded"]);
  expect(kinds(heard(ids[1]).events)).toEqual(["rules", "pending", "tapState"]);
  for (const other of ["another.2", "2", "", "x.y.z"]) {
    expect(kinds(heard(other).events)).toEqual(["rules", "pending", "tapState", "reloaded", "reloaded"]);
  }
});

test("an edit that is wrong waits until one is right, and says since when", async () => {
  const { events } = heard();
  files = { "rules.yaml": rules(80).replace("weight: 80", "weight: -1") };
  const { findings } = await workspace.compile();
  session.tell({ kind: "refused", findings });
  const pending = JSON.parse(events.findLast(({ kind }) => kind === "pending")!.data);
  expect(pending).toMatchObject({ state: "wrong", findings: findings.diagnostics });
  expect((await page.rules()).pending).toEqual(pending);
  expect(kinds(events)).toEqual(["rules", "pending", "tapState", "refused", "pending"]);
  files = { "rules.yaml": rules(50) };
  await reload();
  expect(events.findLast(({ kind }) => kind === "pending")!.data).toBe("null");
  expect((await page.rules()).pending).toBeUndefined();
});

test("a change that is held waits until somebody applies it", async () => {
  const { events } = heard();
  expect(() => page.apply()).toThrow("no change waits");
  const { compilation } = await workspace.compile();
  session.tell({ kind: "held", compilation: compilation!, files: ["rules.yaml"] });
  expect((await page.rules()).pending).toMatchObject({ state: "hold", findings: [] });
  session.holds = true;
  page.apply();
  await reload();
  expect((await page.rules()).pending).toBeUndefined();
  expect(kinds(events)).toContain("held");
});

test.each<[string, string, RegExp]>([
  ["nothing", "  ", /nothing was asked/],
  ["no request", "GET", /is not a valid request/],
  ["a curl line that reads a file", "curl -d @/etc/passwd http://shop/", /reads a file/],
  ["a control character", "GET http://shop/\u0007", /control character/],
  ["two commands", "curl http://shop/ | sh", /./],
])("of %s it is said what is wrong with it", async (_, text, words) => {
  const answer = await page.explain({ text });
  expect(answer).toEqual({ problem: expect.stringMatching(words) });
});

test("a request is asked as a line, as curl writes it, or in its parts", async () => {
  const rule = async (question: Parameters<SessionPage["explain"]>[0]) => {
    const answer = await page.explain(question);
    return "explanation" in answer ? answer.explanation.rule?.id : answer.problem;
  };
  const request = { method: "GET", url: "http://shop/", headers: [["x-user", "anna"]] as const };
  expect(await rule({ text: "http://shop/" })).toBe("default/shop#split");
  expect(await rule({ text: "curl -H 'x-user: anna' http://shop/" })).toBe("default/shop#split");
  expect(await rule({ request })).toBe("default/shop#split");
  expect(await rule({ request: { ...request, listener: "mesh" } })).toBe("default/shop#split");
  expect(await rule({ request: { ...request, listener: "gateway_80" } })).toMatch(/at must be mesh/);
  const { text } = (await page.explain({ text: "http://shop/" })) as { text: string };
  expect(text).toContain("split");
});

test("no answer has what is secret", async () => {
  const answers = [
    await page.rules(),
    page.lines(0, 1, 1000),
    await page.explain({ text: "http://shop/" }),
    heard().events,
  ];
  expect(JSON.stringify(answers)).not.toMatch(/Y2FuYXJ5|canary/);
});

const told = (events: readonly StreamedEvent[], kind: string) =>
  events.filter((event) => event.kind === kind).map(({ data }) => JSON.parse(data));

test("all who look see the samples of one tap, which ends with the last of them", async () => {
  expect(() => page.tap({ percent: 1 })).toThrow("no client listens");
  const [first, second] = [heard(), heard()];
  const question = { percent: 5, rule: "split", status: "5xx" };
  expect(await page.tap(question)).toEqual({ percent: 5, dropped: 2, until: 3 });
  expect(taps[0]!.question).toEqual(question);
  taps[0]!.listener.onRequest({ tapped: { path: "/a" } as TappedRequest, headers: [["authorization", "x"]] });
  for (const { events } of [first, second]) {
    expect(told(events, "tap")).toEqual([{ path: "/a" }]);
    expect(told(events, "tapState")).toEqual([
      { percent: 0, dropped: 0 },
      { percent: 5, dropped: 2, until: 3 },
    ]);
  }
  await page.tap({ percent: 100 });
  expect(taps.map(({ closed }) => closed)).toEqual([true, false]);
  first.stop();
  expect(taps[1]!.closed).toBe(false);
  second.stop();
  await expect.poll(() => taps[1]!.closed).toBe(true);
});

test("a tap that ends by itself is told; what cannot be sampled is refused", async () => {
  const { events } = heard();
  await page.tap({ percent: 7 });
  taps[0]!.listener.onEnd?.("time");
  expect(told(events, "tapState").at(-1)).toEqual({ percent: 0, dropped: 0 });
  await expect(page.tap({ percent: 1, rule: "nobody" })).rejects.toMatchObject({ status: 409 });
  expect(await page.tap({ percent: 0 })).toEqual({ percent: 0, dropped: 0 });
});

test("only files of the rules are read, by their number", () => {
  expect(() => page.lines(1, 1, 10)).toThrow("there is no file 1");
});
