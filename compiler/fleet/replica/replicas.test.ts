import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AdsStream } from "../../run/ads/server.ts";
import type { FleetState } from "../store/state.ts";
import { StateStore } from "../store/state-store.ts";
import { type OpenLeader, Replicas } from "./replicas.ts";

interface Report {
  readonly proxies: readonly string[];
}

interface Server {
  readonly store: StateStore;
  readonly replicas: Replicas<Report>;
}

let parent: string;
const notices: string[] = [];
const servers = new Map<string, Server>();
/** Those that are open, each with what cuts it. */
const streams = new Set<() => void>();

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "sluice-replicas-"));
});

afterEach(async () => {
  await Promise.all([...servers.values()].map(({ replicas }) => replicas.close()));
  await Promise.all([...servers.values()].map(({ store }) => store.close()));
  servers.clear();
  streams.clear();
  notices.splice(0);
  await rm(parent, { recursive: true, force: true });
});

async function server(id: string): Promise<Server> {
  const onNotice = (line: string) => void notices.push(line);
  const store = await StateStore.open({ directory: path.join(parent, id), onNotice });
  const replicas = new Replicas<Report>({ id, store, onNotice });
  replicas.reachBy(openStream);
  store.watch(() => {});
  servers.set(id, { store, replicas });
  return { store, replicas };
}

/** A connection between two servers of this process, whose bytes arrive later, in their order. */
const openStream: OpenLeader = async (address, { onMessage, onEnd }) => {
  const leader = servers.get(address);
  if (leader === undefined) {
    throw new Error("there is nobody");
  }
  let isOver = false;
  let toLeader: (bytes: Uint8Array) => void = () => {};
  const ended: (() => void)[] = [];
  const end = (why = "it was cut") => {
    if (!isOver) {
      isOver = true;
      streams.delete(end);
      ended.forEach((handler) => void handler());
      onEnd(why);
    }
  };
  streams.add(end);
  const stream: AdsStream = {
    peer: { address: "follower" },
    send: (bytes, onTaken) =>
      void setImmediate(() => {
        onTaken?.();
        if (!isOver) {
          onMessage(bytes);
        }
      }),
    onMessage: (handler) => {
      toLeader = handler;
    },
    onEnd: (handler) => void ended.push(handler),
    end: (_status, words) => end(words),
  };
  leader.replicas.serve(stream);
  return { send: (bytes) => void setImmediate(() => isOver || toLeader(bytes)), end: () => end() };
};

function state(serving: string, bytes = 10): FleetState {
  const sources = [{ path: "rules.yaml", text: serving.padEnd(bytes, "#") }];
  const findings = { errors: 0, warnings: 0, infos: 0, strict: false };
  const revision = {
    id: serving,
    seen: "2026-01-01T00:00:00.000Z",
    state: "serving",
    findings,
    sources,
  } as const;
  return { revisions: [revision], serving, builds: [] };
}

const servingAt = ({ store }: Server) => store.state?.serving;

test("whoever follows has what the one that decides writes, and goes on from it", async () => {
  const [a, b] = [await server("a"), await server("b")];
  await a.store.lead(7);
  a.store.save(state("one", 1_000_000));
  b.replicas.follow("a");
  await expect.poll(() => servingAt(b)).toBe("one");
  expect(b.store.state).toEqual(a.store.state);
  a.store.save(state("two"));
  await expect.poll(() => servingAt(b)).toBe("two");
  // So much that what is of no use is left out, and the journal is another file.
  for (let i = 0; i < 6; i++) {
    a.store.save(state(`many ${i}`, 8_000_000));
    await a.store.saved();
  }
  await expect.poll(() => servingAt(b)).toBe("many 5");
  // The journal may be another file once more, which is copied beside the one that holds.
  await vi.waitFor(
    async () => expect(await readdir(b.store.directory)).toEqual(["journal-0000000007"]),
    30_000,
  );

  b.replicas.follow(undefined);
  expect((await b.store.lead(8))?.serving).toBe("many 5");
});

test("whoever was cut off, or decided before in a higher term, has what holds when it comes back", async () => {
  const [a, b] = [await server("a"), await server("b")];
  await b.store.lead(9);
  b.store.save(state("of its own"));
  await b.store.saved();
  b.store.follow();
  await a.store.lead(3);
  a.store.save(state("one"));
  b.replicas.follow("a");
  await expect.poll(() => servingAt(b)).toBe("one");
  await expect.poll(() => readdir(b.store.directory)).toEqual(["journal-0000000003"]);
  for (const cut of streams) {
    cut();
  }
  a.store.save(state("two"));
  await expect.poll(() => servingAt(b)).toBe("two");
  expect(notices).toEqual([
    "the server that decides, a, cannot be followed: it was cut; what it decided last stays",
  ]);
});

test("each server knows the proxies of all others", async () => {
  const all = [await server("a"), await server("b"), await server("c")] as const;
  const [a, b, c] = all;
  await a.store.lead(1);
  a.replicas.publish({ proxies: ["p1"] });
  b.replicas.publish({ proxies: ["p2"] });
  c.replicas.publish({ proxies: ["p3"] });
  b.replicas.follow("a");
  c.replicas.follow("a");
  await vi.waitFor(async () => {
    const known = await Promise.all(all.map(({ replicas }) => replicas.others()));
    expect(known.map((others) => [...others.keys()].sort())).toEqual([
      ["b", "c"],
      ["a", "c"],
      ["a", "b"],
    ]);
    expect(known[0]!.get("b")).toEqual({ proxies: ["p2"] });
  }, 30_000);
  // Its proxies find another server within seconds: until then nobody takes them for lost.
  await b.replicas.close();
  expect([...(await a.replicas.others()).keys()].sort()).toEqual(["b", "c"]);
});

test("a server that follows serves nobody its state", async () => {
  const [a, b] = [await server("a"), await server("b")];
  await a.store.lead(1);
  b.replicas.follow("a");
  const why = await new Promise((resolve) => {
    void openStream("b", { onMessage() {}, onEnd: resolve });
  });
  expect(why).toBe("another server decides");
});
