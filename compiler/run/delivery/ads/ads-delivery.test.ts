/** What an Envoy is not offered, since it would leave a part of it out without a word. */

import { expect, test } from "vitest";
import type { ResourceSet } from "../../../back/xds/resource-set.ts";
import { compile, texts } from "../../../index.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../options.ts";
import { NOTHING } from "../nothing.ts";
import { AdsDelivery } from "./ads-delivery.ts";
import { AdsBuilder } from "./build.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop.example
  trafficPolicy: { retryBudget: { budgetInterval: 1s } }
`;

async function resources(): Promise<ResourceSet> {
  const { compilation } = await compile({ source: texts({ "rules.yaml": RULES }) });
  const builder = await AdsBuilder.create("/nowhere/ads.sock");
  return builder.build(compilation!, DEFAULT_PROXY_OPTIONS).resources;
}

test("a field that an Envoy lacks is refused by its name, and nothing of it is sent", async () => {
  const offered: ResourceSet[] = [];
  const client = {
    offer: async (set: ResourceSet) => {
      offered.push(set);
      return { kind: "taken" } as const;
    },
  };
  let version: string | undefined = "1.36.2";
  const delivery = new AdsDelivery({ client, envoyVersion: () => version });
  const step = { name: "clusters", from: NOTHING, to: await resources() } as const;
  expect(await delivery.take(step)).toEqual({
    kind: "rejected",
    words: [
      "retryBudget.budgetInterval of outbound|80||shop.example needs Envoy 1.40.0 or newer; this is 1.36.2",
    ],
  });
  expect(offered).toEqual([]);
  version = "1.40.0";
  expect(await delivery.take(step)).toEqual({ kind: "accepted" });
  expect(await delivery.take({ ...step, to: NOTHING })).toEqual({ kind: "accepted" });
  expect(offered).toEqual([step.to, NOTHING]);
});
