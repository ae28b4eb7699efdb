import { expect, test } from "vitest";
import { emitResources } from "../../back/xds/resources.ts";
import type { Config } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { unbound } from "./unbound.ts";

test("no listener binds its port; one of UDP, which cannot be told so, is left out", () => {
  const config: Config = {
    listeners: [
      {
        name: "mesh_80",
        role: "mesh",
        address: "127.0.0.1",
        port: 80,
        routes: { ignorePortInHost: true, virtualHosts: [] },
      },
    ],
    clusters: [],
    dns: { address: "127.0.0.1", port: 15053, domains: [{ name: "a.example", addresses: ["10.0.0.1"] }] },
  };
  const places = { sourceOf: () => undefined, filtersInAdvance: false };
  const set = emitResources(config, {
    ...DEFAULT_PROXY_OPTIONS,
    target: "native",
    blobs: new Map(),
    places: places as never,
  });
  expect([...set.listener.keys()]).toEqual(["mesh_80", "dns"]);
  const { listener } = unbound(set);
  expect([...listener.keys()]).toEqual(["mesh_80"]);
  expect(listener.get("mesh_80")!.message).toMatchObject({ bind_to_port: false });
});
