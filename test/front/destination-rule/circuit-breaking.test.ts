/** Connection pools that overflow and endpoints that are ejected: what depends on the order of events. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORLD } from "../../conformance/format.ts";
import { ask } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { TARGETS } from "../../harness/targets.ts";

const RATINGS = "outbound|80||ratings.shop.svc.cluster.local";

const policy = (text: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ratings, namespace: shop }
spec:
  host: ratings
  trafficPolicy: ${text}
`;

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  async function apply(rules: string): Promise<number> {
    const { ports } = await mesh.apply([WORLD, rules], { proxy: { proxyNamespace: "shop" } });
    return ports.get("mesh")!;
  }

  async function stat(name: string): Promise<number | undefined> {
    const stats = await mesh.envoy.admin.stats(`^cluster\\.${RATINGS.replaceAll("|", "\\|")};\\.${name}$`);
    return [...stats.values()][0];
  }

  test("requests beyond the connection pool are refused at once, and the others served", async () => {
    const port = await apply(
      policy("{ connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } } }"),
    );
    const held = { path: "/", host: "ratings", headers: { "x-echo-hold": "1" } };
    const served = ask(port, held);
    await expect.poll(() => mesh.upstream.requests.length).toBe(1);
    const waiting = ask(port, { path: "/", host: "ratings" });
    await expect.poll(() => stat("upstream_rq_pending_active")).toBe(1);
    const refused = await ask(port, { path: "/", host: "ratings" });
    expect(refused.status).toBe(503);
    expect(refused.headers["x-envoy-overloaded"]).toEqual(["true"]);
    mesh.upstream.release();
    expect([(await served).status, (await waiting).status]).toEqual([200, 200]);
    expect((await ask(port, { path: "/", host: "ratings" })).status).toBe(200);
  });

  test("an endpoint that fails is ejected, and comes back", async () => {
    const port = await apply(
      policy(
        "{ outlierDetection: { consecutive5xxErrors: 3, interval: 200ms, baseEjectionTime: 1s, maxEjectionPercent: 100 } }",
      ),
    );
    const failing = { path: "/", host: "ratings", headers: { "x-echo-status": "500" } };
    const failed = async () => {
      const seen = mesh.upstream.requests.length;
      const { status } = await ask(port, failing);
      return { status, asked: mesh.upstream.requests.length - seen };
    };
    for (let i = 0; i < 3; i++) {
      expect(await failed()).toEqual({ status: 500, asked: 1 });
    }
    // Who looks late finds it back again, and so has it ejected once more, for longer.
    await expect.poll(failed, { interval: 10 }).toEqual({ status: 503, asked: 0 });
    await expect.poll(async () => (await ask(port, { path: "/", host: "ratings" })).status).toBe(200);
  });
});
