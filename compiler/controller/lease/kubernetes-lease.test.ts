import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../kubernetes/client/api-error.ts";
import type { ApiCall } from "../../kubernetes/client/kubernetes-client.ts";
import { KubernetesLease } from "./kubernetes-lease.ts";
import { ADDRESS_ANNOTATION, type LeaseHolder, type LeaseObject } from "./lease-object.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** An API server with one Lease, which refuses what names an old version as the real one does. */
class LeaseApi {
  lease: LeaseObject | undefined;
  #version = 0;

  async request<T>({ method = "GET", body, path }: ApiCall): Promise<T> {
    expect(path).toMatch(/^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/istio-system\/leases(\/sluice)?$/);
    const given = body as LeaseObject | undefined;
    if (method === "GET") {
      if (this.lease === undefined) {
        throw new ApiError(404, 'leases.coordination.k8s.io "sluice" not found', { reason: "NotFound" });
      }
    } else if (method === "POST" ? this.lease !== undefined : this.#isOld(given!)) {
      throw new ApiError(409, "the object has been modified", { reason: "Conflict" });
    } else {
      const metadata = { ...given!.metadata, resourceVersion: String(++this.#version), uid: "u" };
      this.lease = { ...given, metadata } as LeaseObject;
    }
    return structuredClone(this.lease) as T;
  }

  #isOld({ metadata }: LeaseObject): boolean {
    return metadata.resourceVersion !== this.lease?.metadata.resourceVersion;
  }
}

interface Server {
  readonly lease: KubernetesLease;
  readonly terms: (number | undefined)[];
  readonly holders: (LeaseHolder | undefined)[];
  readonly notices: string[];
  /** Whether the API server does not answer it. */
  isCut: boolean;
}

function server(api: LeaseApi, identity: string, newestTerm = 0): Server {
  const terms: (number | undefined)[] = [];
  const holders: (LeaseHolder | undefined)[] = [];
  const notices: string[] = [];
  const made: Server = {
    terms,
    holders,
    notices,
    isCut: false,
    lease: new KubernetesLease({
      client: {
        request: (call) => (made.isCut ? Promise.reject(new Error("no answer")) : api.request(call)),
      },
      namespace: "istio-system",
      name: "sluice",
      identity,
      address: `${identity}:15010`,
      newestTerm: async () => newestTerm,
      onHolder: (holder) => holders.push(holder),
      onNotice: (line) => notices.push(line),
    }),
  };
  return made;
}

test("one of several decides; the others know who, and the next one need not wait when it ends", async () => {
  const api = new LeaseApi();
  const [a, b, c] = ["a", "b", "c"].map((identity) => server(api, identity)) as [Server, Server, Server];
  await a.lease.start((term) => a.terms.push(term));
  await Promise.all([b, c].map(({ lease, terms }) => lease.start((term) => terms.push(term))));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([a.terms, b.terms, c.terms]).toEqual([[1], [], []]);
  expect(b.holders).toEqual([{ identity: "a", term: 1, address: "a:15010" }]);

  await a.lease.close();
  await vi.advanceTimersByTimeAsync(2_500);
  const next = b.lease.term === undefined ? c : b;
  expect(next.terms).toEqual([2]);
  expect(api.lease?.metadata.annotations?.[ADDRESS_ANNOTATION]).toMatch(/^[bc]:15010$/);
  await b.lease.close();
  await c.lease.close();
  expect(api.lease?.spec?.holderIdentity).toBe("");
});

test("a holder that cannot renew it stops before another one begins", async () => {
  const api = new LeaseApi();
  const [a, b] = [server(api, "a"), server(api, "b")];
  await a.lease.start((term) => a.terms.push(term));
  await b.lease.start((term) => b.terms.push(term));
  a.isCut = true;
  await vi.advanceTimersByTimeAsync(9_000);
  expect(a.lease.term).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([a.lease.term, b.lease.term]).toEqual([undefined, undefined]);
  await vi.advanceTimersByTimeAsync(8_000);
  expect([a.terms, b.terms]).toEqual([[1, undefined], [2]]);
  expect(a.notices).toEqual(["the Lease istio-system/sluice: no answer"]);
  a.isCut = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(a.holders.at(-1)).toEqual({ identity: "b", term: 2, address: "b:15010" });
  await a.lease.close();
  await b.lease.close();
});

test("a Lease that somebody deleted begins above what was written before", async () => {
  const api = new LeaseApi();
  const a = server(api, "a", 41);
  await a.lease.start((term) => a.terms.push(term));
  expect(a.terms).toEqual([42]);
  await a.lease.close();
});

test("whoever may not is told what to allow, once", async () => {
  const a = server(new LeaseApi(), "a");
  const forbidden = new ApiError(403, 'leases.coordination.k8s.io "sluice" is forbidden', {
    reason: "Forbidden",
  });
  const lease = new KubernetesLease({
    client: { request: () => Promise.reject(forbidden) },
    namespace: "istio-system",
    name: "sluice",
    identity: "a",
    newestTerm: async () => 0,
    onNotice: (line) => a.notices.push(line),
  });
  await lease.start(() => {});
  await vi.advanceTimersByTimeAsync(10_000);
  expect(a.notices).toEqual([
    'the Lease istio-system/sluice: leases.coordination.k8s.io "sluice" is forbidden; let its account get, create and update leases of coordination.k8s.io in namespace istio-system',
  ]);
  await lease.close();
});

test("whatever is cut off, no two decide at once, and terms only rise", async () => {
  const event = fc.record({ who: fc.integer({ min: 0, max: 2 }), ms: fc.integer({ min: 0, max: 20_000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const api = new LeaseApi();
      const servers = ["a", "b", "c"].map((identity) => server(api, identity));
      const begun: number[] = [];
      for (const { lease } of servers) {
        await lease.start((term) => term !== undefined && begun.push(term));
      }
      for (const { who, ms } of events) {
        servers[who]!.isCut = !servers[who]!.isCut;
        for (let passed = 0; passed < ms; passed += 500) {
          await vi.advanceTimersByTimeAsync(500);
          expect(servers.filter(({ lease }) => lease.term !== undefined).length).toBeLessThan(2);
        }
      }
      expect(begun).toEqual([...new Set(begun)].sort((x, y) => x - y));
      await Promise.all(servers.map(({ lease }) => lease.close()));
    }),
    { numRuns: 40 },
  );
});
