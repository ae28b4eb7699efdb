/**
 * A scenario: one or two VirtualServices of generated rules, where they apply, and how that becomes YAML. Many
 * scenarios stand in one Envoy at once, each with hosts of its own: `$S` in a text is the number of its place.
 */

import { stringify } from "yaml";
import type { HttpMatchRequest, HttpRoute } from "../../compiler/front/resources/types.ts";

export type Rule = HttpRoute;
export type Match = HttpMatchRequest;
export type At = "mesh" | "gateway_80" | "gateway_8080";

export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly http: readonly Rule[];
}

export interface Scenario {
  readonly virtualServices: readonly VirtualServiceSpec[];
  /** Rules that a rule may delegate to. */
  readonly delegate: readonly Rule[];
}

const API = "networking.istio.io/v1";
export const NAMESPACE = "shop";

/** The documents of a scenario at its place. */
export function documentsOf({ virtualServices, delegate }: Scenario, place: number): string {
  const documents: object[] = virtualServices.map(({ hosts, gateways, http }, i) => ({
    apiVersion: API,
    kind: "VirtualService",
    // The order of age decides which rules come first.
    metadata: {
      name: `s$S-${i}`,
      namespace: NAMESPACE,
      creationTimestamp: `2024-01-01T00:00:0${i}Z`,
    },
    spec: { hosts, gateways, http },
  }));
  if (virtualServices.some(({ http }) => http.some((rule) => rule.delegate !== undefined))) {
    documents.push({
      apiVersion: API,
      kind: "VirtualService",
      metadata: { name: "s$S-delegate", namespace: NAMESPACE },
      spec: { http: delegate },
    });
  }
  return at(place, joined(documents));
}

/** What every scenario at a place may refer to: a service of its own, with two HTTP ports and one pod. */
export function serviceOf(place: number): string {
  const metadata = { name: "svc$S", namespace: NAMESPACE };
  return at(
    place,
    joined([
      {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: {
          clusterIP: `10.97.0.${place + 1}`,
          ports: [
            { name: "http", port: 80, targetPort: 18080 },
            { name: "http-2", port: 8080, targetPort: 18081 },
          ],
        },
      },
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata,
        subsets: [
          {
            addresses: [{ ip: `127.20.0.${100 + place}` }],
            ports: [
              { name: "http", port: 18080 },
              { name: "http-2", port: 18081 },
            ],
          },
        ],
      },
    ]),
  );
}

export const GATEWAY = stringify({
  apiVersion: API,
  kind: "Gateway",
  metadata: { name: "edge", namespace: NAMESPACE },
  spec: {
    selector: { istio: "ingressgateway" },
    servers: [80, 8080].map((number) => ({
      port: { number, name: `http-${number}`, protocol: "HTTP" },
      hosts: ["*"],
    })),
  },
});

export function at(place: number, text: string): string {
  return text.replaceAll("$S", String(place));
}

function joined(documents: readonly object[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}
