/** Requests that name the proxy itself: passed on as any unknown host is, one would go round for ever. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORLD } from "../conformance/format.ts";
import { ask, askHttp2 } from "../harness/client.ts";
import { leakedHeaders } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { freePort } from "../harness/ports.ts";
import { TARGETS } from "../harness/targets.ts";

describe.each(TARGETS)("target %s", (target) => {
  describe.each([false, true])("with a listener for each port: %s", (meshListeners) => {
    let mesh: Mesh;
    let ports: ReadonlyMap<string, number>;
    /** Those at which HTTP is read. */
    let asked: readonly number[];
    let adminPort: number;

    beforeAll(async () => {
      mesh = await Mesh.create({ target });
      adminPort = await freePort();
      const proxy = { proxyNamespace: "shop", meshListeners, adminPort };
      const applied = await mesh.apply([WORLD], { proxy });
      ports = applied.ports;
      asked = applied
        .compilation!.config.listeners.filter(({ name }) => name.startsWith("mesh"))
        .map(({ port }) => port);
    });

    afterAll(async () => {
      await mesh?.close();
    });

    test("by any of its names, through any of its ports, and its admin interface", async () => {
      const own = [...ports].filter(([name]) => name.startsWith("mesh"));
      expect(own.length > 1).toBe(meshListeners);
      expect(own.length > asked.length).toBe(meshListeners);
      for (const through of asked) {
        for (const port of [...own.map(([, one]) => one), adminPort]) {
          for (const name of ["127.0.0.1", "localhost", "127.1.2.3", "0.0.0.0", "[::1]", "unknown.example"]) {
            for (const host of [`${name}:${port}`, `${name}:0${port}`, `${name}:+${port}`]) {
              const answer = await ask(through, { path: "/", host });
              // 400: no port that Envoy takes.
              expect([400, 502], `${host} got ${answer.status}`).toContain(answer.status);
            }
          }
          expect((await askHttp2(through, { path: "/", host: `127.0.0.1:${port}` })).status).toBe(502);
        }
      }
      const stats = await mesh.envoy.admin.stats("^cluster\\.PassthroughCluster;\\.upstream_rq_total$");
      expect([...stats.values()]).toEqual([0]);
    });

    test("other unknown hosts are asked themselves, and see no decision", async () => {
      const host = mesh.own("127.20.0.21:18080");
      const answer = await ask(ports.get("mesh")!, {
        path: "/x",
        host,
        headers: target === "wasm" ? { "x-sluice-other": "1" } : {},
      });
      expect(answer.status).toBe(200);
      expect(mesh.upstream.requests.map((request) => request.host)).toEqual([host]);
      expect(
        leakedHeaders([answer.headers, ...mesh.upstream.requests.map(({ headers }) => headers)]),
      ).toEqual([]);
    });
  });
});
