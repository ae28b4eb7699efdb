/** `PASSTHROUGH`: requests go where they say, and to no endpoint of the list. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { TARGETS } from "../../harness/targets.ts";
import { destinationRule, service } from "./mesh.ts";

/** Names below `localhost` are this machine, for every resolver. */
const HOST = "shop.localhost";

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;
  let free: number;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
    free = Number(mesh.own("$FREE_PORT"));
    await mesh.upstream.listen(mesh.own("127.20.0.62"), 18080);
    await mesh.upstream.listen("127.0.0.1", free);
  });

  afterAll(async () => {
    await mesh?.close();
  });

  /** The service has an address that is no endpoint of it, and one endpoint. */
  async function apply(simple: string): Promise<number> {
    const entry = JSON.parse(service([61]));
    entry.spec.hosts = [HOST, "nowhere.invalid"];
    entry.spec.addresses = ["127.20.0.62"];
    entry.spec.ports = [free, 18080].map((number) => ({ number, name: `http-${number}`, protocol: "HTTP" }));
    const documents = [
      JSON.stringify(entry),
      ...[HOST, "nowhere.invalid"].map((host) =>
        destinationRule({ host, trafficPolicy: { loadBalancer: { simple } } }, { name: host }),
      ),
    ];
    const { ports, diagnostics } = await mesh.apply(documents, {
      proxy: { outboundPolicy: "REGISTRY_ONLY" },
    });
    expect(diagnostics).toEqual([]);
    return ports.get("mesh")!;
  }

  async function asked(port: number, host: string): Promise<string | number> {
    mesh.upstream.reset();
    const { status } = await ask(port, { path: "/", host });
    return status === 200 ? mesh.upstream.requests[0]!.endpoint : status;
  }

  test("by name and by address; what no rule knows goes nowhere", async () => {
    const address = mesh.own("127.20.0.62:18080");
    const balanced = await apply("ROUND_ROBIN");
    expect(await asked(balanced, `${HOST}:${free}`)).toBe(mesh.own(`127.20.0.61:${free}`));
    expect(await asked(balanced, address)).toBe(mesh.own("127.20.0.61:18080"));
    const passed = await apply("PASSTHROUGH");
    expect(await asked(passed, `${HOST}:${free}`)).toBe(`127.0.0.1:${free}`);
    expect(await asked(passed, address)).toBe(address);
    expect(await asked(passed, `other.localhost:${free}`)).toBe(502);
    expect(await asked(passed, "nowhere.invalid:18080")).toBe(503);
  });
});
