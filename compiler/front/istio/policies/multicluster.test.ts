/** What the cluster and the network of endpoints and of this proxy decide. */

import { expect, test } from "vitest";
import type { ProxyOptions } from "../../../options.ts";
import { lower } from "../testing.ts";

const entry = (address: string, labels: string, network = "") =>
  `---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: { name: vm-${address}, labels: { app: vm${labels} } }\nspec: { address: ${address}, network: "${network}" }\n`;

const MESH = `
apiVersion: v1
kind: Service
metadata: { name: vm }
spec: { selector: { app: vm }, ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: vm }
spec:
  host: vm
  trafficPolicy:
    loadBalancer: { localityLbSetting: { failoverPriority: [topology.istio.io/network, topology.istio.io/cluster] } }
    outlierDetection: { consecutive5xxErrors: 3 }
${entry("10.0.0.1", "")}${entry("10.0.0.2", ", topology.istio.io/cluster: far")}${entry("10.0.0.3", "", "other")}`;

const prioritiesOf = (options: Partial<ProxyOptions>) =>
  Object.fromEntries(
    lower(MESH, { proxyLabels: {}, ...options })
      .config.clusters.find(({ name }) => name.includes("|vm."))!
      .discovery.endpoints.map(({ address, priority = 0 }) => [address, priority]),
  );

test("the own network comes first, then the own cluster, also for a proxy without labels", () => {
  expect(prioritiesOf({ clusterId: "near", network: "home" })).toEqual({
    "10.0.0.1": 0,
    "10.0.0.2": 1,
    "10.0.0.3": 2,
  });
});

test("a proxy may be told that it is elsewhere", () => {
  expect(prioritiesOf({ clusterId: "far", network: "home" })).toEqual({
    "10.0.0.1": 0,
    "10.0.0.2": 0,
    "10.0.0.3": 1,
  });
});
