import { expect, test } from "vitest";
import { PeerProxies, type PeerProxy, type PeerReport } from "./peer-proxies.ts";

const proxy = (id: string, more: Partial<PeerProxy> = {}): PeerProxy => ({
  member: { id, scope: "s", labels: {} },
  report: { id, cluster: "", namespace: "", labels: {}, scope: "s", state: "current", since: "1" },
  responses: { requests: 0, serverErrors: 0 },
  ...more,
});
const reports = (...all: (readonly [string, ...PeerProxy[]])[]) =>
  new Map(all.map(([server, ...proxies]): [string, PeerReport] => [server, { proxies }]));
const NOBODY = () => false;
const taken = (count: number) => ({ count, revision: "r", outcome: { kind: "taken" as const } });

test("what is new is told once", () => {
  const peers = new PeerProxies();
  const responses = (requests: number) => ({ responses: { requests, serverErrors: 1 } });
  expect(peers.update(reports(["a", proxy("1", { last: taken(1), ...responses(5) })]), NOBODY)).toEqual([
    { kind: "joined", member: proxy("1").member },
    { kind: "answered", proxy: "1", revision: "r", outcome: { kind: "taken" } },
  ]);
  expect(peers.update(reports(["a", proxy("1", { last: taken(1), ...responses(9) })]), NOBODY)).toEqual([
    { kind: "responses", proxy: "1", counts: { requests: 4, serverErrors: 0 } },
  ]);
  expect(peers.update(reports(["a", proxy("1", { last: taken(2), ...responses(9) })]), NOBODY)).toHaveLength(
    1,
  );
  expect(peers.update(reports(["a"]), NOBODY)).toEqual([{ kind: "left", proxy: "1" }]);
  expect(peers.members).toEqual([]);
});

test("a proxy that goes from one server to another has not left", () => {
  const peers = new PeerProxies();
  peers.update(reports(["a", proxy("1")], ["b"]), NOBODY);
  const later = proxy("1", { report: { ...proxy("1").report, since: "2" } });
  expect(peers.update(reports(["a", proxy("1")], ["b", later]), NOBODY)).toEqual([
    { kind: "joined", member: later.member },
  ]);
  expect(peers.update(reports(["a"], ["b", later]), NOBODY)).toEqual([]);
  // To this one: it is told of here.
  expect(peers.update(reports(["a"], ["b", later]), (id) => id === "1")).toEqual([]);
  expect(peers.update(reports(["a"], ["b"]), (id) => id === "1")).toEqual([]);
});

test("a server that decides from now on hears everything", () => {
  const peers = new PeerProxies();
  peers.update(reports(["a", proxy("1", { last: taken(3) })], ["b", proxy("2")]), NOBODY);
  expect(peers.everything().map(({ kind }) => kind)).toEqual(["joined", "answered", "joined"]);
});
