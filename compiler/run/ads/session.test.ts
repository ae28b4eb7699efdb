import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ResourceSet, resourcesOf } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions } from "../../back/xds/testing.ts";
import { resourceSets } from "../delivery/config-pairs.fixture.ts";
import { ForeignResource } from "./foreign.ts";
import { ModelEnvoy } from "./model-envoy.fixture.ts";
import { AdsSession, type DeltaRequest, type DeltaResponse } from "./session.ts";

const set = (clusters: readonly string[], rules = 1, port = 1, connectTimeoutMs = 1_000): ResourceSet =>
  emitResources(
    {
      listeners: [testListener([])],
      clusters: clusters.map((name) =>
        testCluster({
          name,
          connectTimeoutMs,
          discovery: { kind: "eds", endpoints: [{ address: "a", port, weight: 1 }] },
        }),
      ),
    },
    testOptions({ blobs: new Map([["mesh", Uint8Array.of(rules)]]) }),
  );

/** A stream between the model and a session. What the session says waits until it is delivered. */
class Wire {
  readonly envoy = new ModelEnvoy();
  session = new AdsSession();
  waiting: DeltaResponse[] = [];
  /** Whether the session has to wait before it says anything. */
  isHeld = false;
  refusals: string[] = [];
  #offered: ResourceSet | undefined;

  connect(): void {
    this.session = new AdsSession();
    this.waiting = [];
    if (this.#offered !== undefined) {
      this.session.offer(this.#offered);
    }
    this.#say(this.envoy.connect());
  }

  /** Another server, which knows nothing. */
  forget(): void {
    this.#offered = undefined;
  }

  offer(offered: ResourceSet): void {
    this.#offered = offered;
    this.session.offer(offered);
    this.send();
  }

  send(): void {
    if (!this.isHeld) {
      this.waiting.push(...this.session.send());
    }
  }

  deliver(refuses = false, takes: (index: number) => boolean = () => false): void {
    const response = this.waiting.shift();
    if (response !== undefined) {
      this.#say(refuses ? this.envoy.refuse(response, takes) : this.envoy.take(response));
    }
  }

  deliverAll(): DeltaResponse[] {
    const delivered: DeltaResponse[] = [];
    while (this.waiting.length > 0) {
      // Nobody waits for ever, and nobody talks for ever.
      expect(delivered.length).toBeLessThan(1_000);
      delivered.push(this.waiting[0]!);
      this.deliver();
    }
    return delivered;
  }

  /** What the model has of what it needs, by type. */
  has(): string[] {
    return [...this.envoy.has.values()]
      .flatMap((all) => [...all.values()])
      .map(({ type, name, version }) => `${type} ${name} ${version}`)
      .sort();
  }

  #say(requests: readonly DeltaRequest[]): void {
    for (const request of requests) {
      const refusal = this.session.receive(request);
      this.send();
      if (refusal !== undefined) {
        this.refusals.push(refusal);
      }
    }
  }
}

/** What a client of a set has: what is asked for as a whole, and what that needs. */
function wanted(offered: ResourceSet): string[] {
  const needs = new Set(
    [...offered.cluster.values(), ...offered.listener.values()].flatMap((resource) =>
      resource.needs.map(({ type, name }) => `${type} ${name}`),
    ),
  );
  return resourcesOf(offered)
    .filter(({ type, name }) => type === "cluster" || type === "listener" || needs.has(`${type} ${name}`))
    .map(({ type, name, version }) => `${type} ${name} ${version}`)
    .sort();
}

/** With a cluster beside, and its endpoints, as a client has them from somebody else. */
function withForeign(own: ResourceSet, from: ResourceSet, name: string): ResourceSet {
  const foreign = <Type extends "cluster" | "endpoints">(type: Type) =>
    new Map([
      ...own[type],
      [name, new ForeignResource(type, name, from[type].get(name)!.version)] as const,
    ]) as ResourceSet[Type];
  return { ...own, cluster: foreign("cluster"), endpoints: foreign("endpoints") };
}

const typesOf = (responses: readonly DeltaResponse[]) => responses.map(({ type }) => type);

describe("one client", () => {
  test("is given what it asks for, and nothing is open when it has said that it has it", () => {
    const wire = new Wire();
    const offered = set(["a", "b"]);
    wire.offer(offered);
    expect(wire.session.open).not.toEqual([]);
    wire.connect();
    wire.deliverAll();
    expect(wire.has()).toEqual(wanted(offered));
    expect(wire.session.open).toEqual([]);
  });

  test("is given only what changes", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "b"]));
    wire.deliverAll();
    wire.offer(set(["a", "b"], 2));
    const [update, ...more] = wire.deliverAll();
    expect(more).toEqual([]);
    expect(update).toMatchObject({
      type: "extension",
      update: { resources: [{ name: "mesh" }], removed: [] },
    });
    wire.offer(set(["a", "b"], 2));
    expect(wire.waiting).toEqual([]);
  });

  test("a cluster that changes gets its endpoints once more, behind it", () => {
    const wire = new Wire();
    const change = (connectTimeoutMs: number) =>
      emitResources({ listeners: [], clusters: [testCluster({ connectTimeoutMs })] }, testOptions());
    wire.connect();
    wire.offer(change(1));
    wire.deliverAll();
    wire.offer(change(2));
    expect(typesOf(wire.waiting)).toEqual(["cluster", "endpoints"]);
    wire.deliverAll();
    expect(wire.session.open).toEqual([]);
  });

  test("one that comes back is given nothing that it has", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "b"]));
    wire.deliverAll();
    wire.connect();
    const given = wire.waiting.flatMap(({ update }) =>
      update.resources.map(({ type, name }) => `${type} ${name}`),
    );
    expect(given).toEqual([]);
    wire.deliverAll();
    expect(wire.session.open).toEqual([]);
  });

  test("so is one that is back before its server knows what it shall have", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "b"]));
    wire.deliverAll();
    const has = wire.has();
    wire.forget();
    wire.connect();
    wire.offer(set(["a", "b"]));
    const sent = wire.deliverAll().flatMap(({ type, update }) => update.resources.map(() => type));
    expect(sent).toEqual([]);
    expect(wire.has()).toEqual(has);
    expect(wire.session.open).toEqual([]);
  });

  test("keeps what nobody here has made for as long as it may, on every stream", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "old"]));
    wire.deliverAll();
    const old = ["cluster", "endpoints"].map((type) =>
      wire.has().find((one) => one.startsWith(`${type} old`)),
    );
    wire.forget();
    const mayStay = withForeign(set(["b"]), set(["a", "old"]), "old");
    for (let stream = 0; stream < 2; stream++) {
      wire.connect();
      wire.offer(mayStay);
      wire.deliverAll();
      expect(wire.has()).toEqual([...wanted(set(["b"])), ...old].sort());
      expect(wire.session.open).toEqual([]);
    }
    wire.offer(set(["b"], 2));
    wire.deliverAll();
    expect(wire.has()).toEqual(wanted(set(["b"], 2)));
    expect(wire.session.open).toEqual([]);
  });

  test("a new one is not sent what nobody here has made", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(withForeign(set(["b"]), set(["old"]), "old"));
    wire.deliverAll();
    expect(wire.has()).toEqual(wanted(set(["b"])));
    expect(wire.session.open).toEqual([]);
  });

  test("but endpoints, where a cluster still waits for them", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "b"]));
    wire.deliverAll();
    // Another cluster of the same name comes, and its endpoints are lost with the stream.
    wire.offer(set(["a", "b"], 1, 1, 7));
    wire.deliver();
    expect(wire.envoy.isWarm).toBe(false);
    wire.connect();
    const given = wire.waiting.flatMap(({ update }) =>
      update.resources.map(({ type, name }) => `${type} ${name}`),
    );
    expect(given.sort()).toEqual(["endpoints a", "endpoints b"]);
    wire.deliverAll();
    expect({ isWarm: wire.envoy.isWarm, open: wire.session.open }).toEqual({ isWarm: true, open: [] });
  });

  test("a change that came while it was away finds it, and warms", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a", "b"]));
    wire.deliverAll();
    const next = emitResources(
      { listeners: [], clusters: [testCluster({ name: "a", connectTimeoutMs: 7 })] },
      testOptions(),
    );
    wire.session = new AdsSession();
    wire.offer(next);
    wire.connect();
    wire.deliverAll();
    expect(wire.has()).toEqual(wanted(next));
    expect(wire.session.open).toEqual([]);
  });

  test("what is refused is told once, is not sent again by itself, and is sent again when offered again", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a"]));
    wire.deliverAll();
    wire.offer(set(["a"], 2));
    wire.deliver(true);
    expect(wire.refusals).toEqual(["no"]);
    expect(wire.waiting).toEqual([]);
    expect(wire.session.open).toEqual([{ type: "extension", name: "mesh" }]);
    wire.offer(set(["a"], 2));
    wire.deliverAll();
    expect(wire.session.open).toEqual([]);
  });

  test("a refusal of what was replaced meanwhile is no news", () => {
    const wire = new Wire();
    wire.connect();
    wire.offer(set(["a"]));
    wire.deliverAll();
    wire.offer(set(["a"], 2));
    wire.offer(set(["a"], 1));
    wire.deliver(true);
    expect(wire.refusals).toEqual([]);
    expect(wire.session.open).toEqual([{ type: "extension", name: "mesh" }]);
    wire.deliverAll();
    expect(wire.session.open).toEqual([]);
  });

  test("endpoints of a cluster that nobody has are told to be missing, or it would wait for ever", () => {
    const wire = new Wire();
    wire.offer(set([]));
    const ask = (more: Partial<DeltaRequest>): readonly DeltaResponse[] => {
      wire.session.receive({
        type: "endpoints",
        subscribe: [],
        unsubscribe: [],
        nonce: "",
        initialVersions: new Map(),
        ...more,
      });
      return wire.session.send();
    };
    expect(ask({ subscribe: ["x"] })).toMatchObject([{ update: { removed: ["x"], resources: [] } }]);
    expect(ask({ subscribe: ["y"] })).toMatchObject([{ update: { removed: ["y"], resources: [] } }]);
    // Until it believes it: every other answer of its may wait for this one.
    expect(ask({ nonce: "1", refusal: "no" })).toEqual([]);
    wire.session.offer(set([]));
    expect(wire.session.send()).toMatchObject([{ update: { removed: ["x"], resources: [] } }]);
    // Of rules that are gone nobody is told: a listener that drains goes on with them.
    expect(ask({ type: "extension", subscribe: ["y"] })).toEqual([]);
  });
});

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("offer" as const), index: fc.nat(2) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("deliver" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("refuse" as const), takes: fc.array(fc.boolean()) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("connect" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hold" as const) }) },
);

describe("any order of offers, acknowledgements, refusals and lost streams", () => {
  test("nothing is open only when the client has just what is offered; and it always gets there", () => {
    fc.assert(
      fc.property(resourceSets(3), fc.array(action, { maxLength: 40 }), (sets, actions) => {
        const wire = new Wire();
        let offered = sets[0]!;
        const checkOpen = () => {
          if (wire.session.open.length === 0) {
            expect(wire.envoy.isWarm).toBe(true);
            expect(wire.has()).toEqual(wanted(offered));
          }
        };
        wire.connect();
        wire.offer(offered);
        for (const one of actions) {
          switch (one.kind) {
            case "offer":
              offered = sets[one.index]!;
              wire.offer(offered);
              break;
            case "deliver":
              wire.deliver();
              break;
            case "refuse":
              wire.deliver(true, (index) => one.takes[index] === true);
              break;
            case "hold":
              wire.isHeld = !wire.isHeld;
              wire.send();
              break;
            case "connect":
              wire.connect();
          }
          checkOpen();
        }
        wire.isHeld = false;
        wire.send();
        wire.deliverAll();
        // What was refused is offered again; refusals may have waited for clusters to be warm, and come one after another.
        for (let i = 0; i < 8 && (i === 0 || wire.session.open.length > 0); i++) {
          wire.offer(offered);
          wire.deliverAll();
        }
        expect(wire.session.open).toEqual([]);
        checkOpen();
      }),
      { numRuns: 300 },
    );
  });
});
