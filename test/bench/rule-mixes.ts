/** Many VirtualServices of a few rules each, which differ by one thing or another; and requests that meet them. */

export const RULES_EACH = 4;

export type Mix = "hosts" | "headers" | "paths";

export const MIXES: ReadonlyMap<Mix, string> = new Map([
  ["hosts", "a host each; its rules by paths and expressions"],
  ["headers", "64 to a host; all rules for one prefix, by two headers"],
  ["paths", "64 to a host; exact paths, prefixes with a header, expressions"],
]);

const BACKENDS = 200;
const TO_A_HOST = 64;
/** Of so many, one has changed. */
const CHANGED = 100;

function hostOf(mix: Mix, i: number): string {
  return `shop-${mix === "hosts" ? i : Math.floor(i / TO_A_HOST)}.example.com`;
}

/** As a file; `isChanged`: another backend for the second rule of some. */
export function virtualServices(mix: Mix, size: number, isChanged: boolean): string {
  const documents = [gateway, ...Array.from({ length: BACKENDS }, (_, i) => service(i))];
  for (let i = 0; i < size; i++) {
    const shift = isChanged && i % CHANGED === 7 ? 1 : 0;
    const rules = matches(mix, i).map((match, j) => rule(match, i + j + (j === 1 ? shift : 0)));
    documents.push(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop-${i}, namespace: shop}
spec:
  hosts: ["${hostOf(mix, i)}"]
  gateways: [default/edge]
  http:
${rules.join("")}`);
  }
  return documents.join("---\n");
}

export interface MixRequest {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Where it goes. */
  readonly cluster: string;
}

/** Of a VirtualService, a request for its second rule. */
export function requestFor(mix: Mix, i: number): MixRequest {
  const headers = [["x-tenant", `t${i * RULES_EACH + 1}`] as const, ["x-ring", String((i + 1) % 7)] as const];
  return {
    url: `http://${hostOf(mix, i)}${mix === "headers" ? "/api/x" : `/api/v2/${i}/x`}`,
    headers,
    cluster: `backend-${(i + 1) % BACKENDS}.example:8080`,
  };
}

function matches(mix: Mix, i: number): string[] {
  const tenant = (j: number) => `x-tenant: {exact: t${i * RULES_EACH + j}}`;
  if (mix === "headers") {
    return Array.from(
      { length: RULES_EACH },
      (_, j) => `{uri: {prefix: /api/}, headers: {${tenant(j)}, x-ring: {exact: "${(i + j) % 7}"}}}`,
    );
  }
  return [
    `{uri: {exact: /api/v1/item-${i}}}`,
    `{uri: {prefix: /api/v2/${i}/}, headers: {${tenant(1)}}}`,
    `{uri: {regex: "/api/v[3-9]+/kind-${i}/[a-z]+"}}`,
    `{uri: {prefix: /api/v1/team-${i}/}}`,
  ];
}

function rule(match: string, i: number): string {
  return `    - match: [${match}]
      route:
        - destination: {host: backend-${i % BACKENDS}.example, port: {number: 8080}}
`;
}

const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;

function service(i: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: backend-${i}, namespace: shop}
spec:
  hosts: [backend-${i}.example]
  resolution: STATIC
  ports: [{name: http, number: 8080, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
`;
}
