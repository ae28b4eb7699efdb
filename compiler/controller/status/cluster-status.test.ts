import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Report } from "../../diagnostics/render/report.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { RolloutReport } from "../../fleet/model/report.ts";
import type { HeldObject } from "../../held-object.ts";
import { ApiError } from "../../kubernetes/client/api-error.ts";
import type { ApiCall } from "../../kubernetes/client/kubernetes-client.ts";
import { RESOURCE_TYPES } from "../../kubernetes/client/resource-types.ts";
import { ClusterStatus } from "./cluster-status.ts";
import type { Condition } from "./condition.ts";

/** Conditions are gathered for a second, and written one after the other, some turns of the loop each. */
const settle = async () => {
  await setTimeout(1_400);
  for (let turn = 0; turn < 50; turn++) {
    await setTimeout(1);
  }
};

interface Stored {
  readonly uid: string;
  generation: number;
  resourceVersion: number;
  conditions: readonly Condition[];
}

/** VirtualServices of a namespace with their conditions, and Events. */
class Cluster {
  readonly objects = new Map<string, Stored>();
  readonly events: { readonly regarding: { readonly name: string }; readonly note: string }[] = [];
  patches = 0;
  requests = 0;

  put(name: string): SourceFile {
    const before = this.objects.get(name);
    const generation = (before?.generation ?? 0) + 1;
    this.objects.set(name, {
      uid: name,
      generation,
      resourceVersion: generation,
      conditions: before?.conditions ?? [],
    });
    return {
      path: `kubernetes://shop/VirtualService/${name}`,
      text: `metadata: {name: ${name}}\nversion: ${generation}\n`,
    };
  }

  objectOf = (path: string) => {
    const name = path.split("/").at(-1)!;
    const stored = this.objects.get(name);
    return (
      stored && {
        type: RESOURCE_TYPES.VirtualService,
        namespace: "shop",
        name,
        uid: stored.uid,
        generation: stored.generation,
        resourceVersion: String(stored.resourceVersion),
      }
    );
  };

  async request<T>({ method = "GET", path, body }: ApiCall): Promise<T> {
    this.requests++;
    if (path.endsWith("/events")) {
      this.events.push(body as (typeof this.events)[number]);
      return {} as T;
    }
    const stored = this.objects.get(
      path
        .replace(/\/status$/, "")
        .split("/")
        .at(-1)!,
    );
    if (stored === undefined) {
      throw new ApiError(404, "not found");
    }
    if (method === "PATCH") {
      const { metadata, status } = body as {
        readonly metadata: { readonly resourceVersion: string };
        readonly status: { readonly conditions: readonly Condition[] };
      };
      if (metadata.resourceVersion !== String(stored.resourceVersion)) {
        throw new ApiError(409, "the object has been modified");
      }
      this.patches++;
      stored.resourceVersion++;
      stored.conditions = status.conditions;
    }
    const { uid, generation, resourceVersion, conditions } = stored;
    return {
      metadata: { uid, generation, resourceVersion: String(resourceVersion) },
      status: { conditions },
    } as T;
  }

  said(name: string): string[] {
    return this.objects
      .get(name)!
      .conditions.map(({ type, status, message }) => `${type}=${status} ${message}`);
  }
}

function rollout(
  revision: string,
  phase: RolloutReport["phase"],
  taken: number,
  more: Partial<RolloutReport> = {},
) {
  const waves = [{ name: "100%", proxies: 3, taken }];
  const counts = { changed: { requests: 0, serverErrors: 0 }, unchanged: { requests: 0, serverErrors: 0 } };
  const began = "2026-01-01T00:00:00.000Z";
  const proxies = { all: 3, changed: taken, lost: 0 };
  return {
    id: revision,
    revision,
    phase,
    began,
    now: false,
    waves,
    wave: 0,
    bakeMs: 0,
    proxies,
    responses: counts,
    ...more,
  };
}

function setUp(before: readonly SourceFile[] = []) {
  const cluster = new Cluster();
  const rollouts: RolloutReport[] = [];
  const notices: string[] = [];
  const leading = { is: true };
  const status = new ClusterStatus({
    client: cluster,
    source: cluster,
    isLeading: () => leading.is,
    instance: "server-1",
    onNotice: (line) => notices.push(line),
  });
  status.watch({ rollouts: () => rollouts, newestSources: before });
  const read = (
    revision: string,
    sources: readonly SourceFile[],
    held: readonly HeldObject[] = [],
    findings = new Report(false),
  ) => status.tell({ kind: "rules", revision, findings, refused: false, snapshot: { sources, held } });
  return { cluster, rollouts, notices, leading, status, read };
}

describe.concurrent("conditions", () => {
  test("each object says what became of it, and only one that changed is written again", async () => {
    const { cluster, rollouts, notices, status, read } = setUp();
    const [a, b] = [cluster.put("a"), cluster.put("b")];
    read("r1", [a, b]);
    rollouts.unshift(rollout("r1", "running", 1));
    await settle();
    expect(cluster.said("a")).toEqual([
      "Accepted=True ",
      "Programmed=False revision r1 on 1 of 3 proxies, wave 100%",
    ]);
    rollouts[0] = rollout("r1", "done", 3);
    status.tell({ kind: "serving", revision: "r1" });
    await settle();
    expect(cluster.said("b")).toEqual(["Accepted=True ", "Programmed=True revision r1 on 3 of 3 proxies"]);

    const written = cluster.patches;
    const changed = cluster.put("a");
    read("r2", [changed, b]);
    rollouts.unshift(rollout("r2", "done", 3));
    status.tell({ kind: "serving", revision: "r2" });
    await settle();
    expect(cluster.said("a")[1]).toBe("Programmed=True revision r2 on 3 of 3 proxies");
    expect(cluster.said("b")[1]).toBe("Programmed=True revision r1 on 3 of 3 proxies");
    expect(cluster.patches).toBe(written + 1);
    expect(notices).toEqual([]);
    await status.close();
  });

  test("a thousand proxies that come and go cause no write", async () => {
    const { cluster, rollouts, status, read } = setUp();
    read("r1", [cluster.put("a")]);
    rollouts.unshift(rollout("r1", "done", 3));
    await settle();
    const { requests } = cluster;
    for (let i = 0; i < 1_000; i++) {
      status.tell({ kind: "joined", proxy: `p${i}`, scope: "*" });
    }
    await settle();
    expect(cluster.requests).toBe(requests);
    await status.close();
  });

  test("one that is wrong says so, and what of it holds", async () => {
    const { cluster, rollouts, status, read } = setUp();
    const [good, other] = [cluster.put("a"), cluster.put("b")];
    read("r1", [good, other]);
    rollouts.unshift(rollout("r1", "done", 3));
    await settle();
    const bad = cluster.put("a");
    const findings = new Report(false);
    findings.report({
      code: "SL0104",
      level: "error",
      message: "there is no such field",
      span: { file: bad, start: 20, end: 27 },
    });
    read("r1", [good, other], [{ file: bad, holds: "at its last good version", findings }]);
    await settle();
    expect(cluster.said("a")).toEqual([
      "Programmed=True revision r1 on 3 of 3 proxies",
      "Accepted=False version: there is no such field (SL0104)\nIts last good version stays in effect.",
    ]);
    expect(cluster.objects.get("a")!.conditions.map(({ observedGeneration }) => observedGeneration)).toEqual([
      "1",
      "2",
    ]);
    const mended = { ...good };
    read("r1", [mended, other]);
    await settle();
    expect(cluster.said("a")).toContain("Accepted=True ");
    await status.close();
  });

  test("a roll-out that stops is an Event at the rules that it points at, and is said of the objects", async () => {
    const { cluster, rollouts, status, read } = setUp();
    const [a, b] = [cluster.put("a"), cluster.put("b")];
    read("r1", [a, b]);
    const failure = {
      gate: "refusal",
      wave: "1",
      at: "2026-01-01T00:00:00.000Z",
      proxy: "envoy-1",
      words: ["no such cluster"],
      rules: [{ name: "shop/a#1", file: a.path, line: 1 }],
    };
    const report = rollout("r1", "failed", 0, { from: "r0", failure });
    rollouts.unshift(report);
    status.tell({ kind: "stopped", revision: "r1", report, proxies: [] });
    await settle();
    expect(cluster.events.map(({ regarding, note }) => [regarding.name, note])).toEqual([
      ["a", "revision r1 is taken back; proxies have r0 again (refusal at envoy-1: no such cluster)"],
    ]);
    expect(cluster.said("b")[1]).toBe(
      "Programmed=False revision r1 was taken back: refusal at envoy-1: no such cluster",
    );
    await status.close();
  });

  test("a server that follows writes nothing, and one that goes on says nothing anew of what has not changed", async () => {
    const followed = setUp();
    followed.leading.is = false;
    followed.read("r1", [followed.cluster.put("a")]);
    await settle();
    expect(followed.cluster.requests).toBe(0);
    await followed.status.close();

    const cluster = new Cluster();
    const [a, b] = [cluster.put("a"), cluster.put("b")];
    const resumed = setUp([a, b]);
    Object.assign(resumed.cluster, { objects: cluster.objects });
    const changed = resumed.cluster.put("b");
    resumed.read("r2", [a, changed]);
    resumed.rollouts.unshift(rollout("r2", "done", 3));
    await settle();
    expect(resumed.cluster.said("a")).toEqual(["Accepted=True "]);
    expect(resumed.cluster.said("b")[1]).toBe("Programmed=True revision r2 on 3 of 3 proxies");
    await resumed.status.close();
  });
});
