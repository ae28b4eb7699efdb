import { expect, test } from "vitest";
import { hostOf, lower, serviceYaml } from "../testing.ts";

const ABORT = "fault: { abort: { httpStatus: 503, percentage: { value: 50 } } }";

const rules = (http: string, scope = "upstream") => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: vs, namespace: default, annotations: { sluice.dev/fault-scope: ${scope} } }
spec: { hosts: [a], http: [${http}] }
`;
const SERVICES = serviceYaml("a") + serviceYaml("bb");
const lowered = (http: string, scope?: string) => lower(SERVICES + rules(http, scope));

test("stands before each destination, one for the same fault", () => {
  const split = "[{ destination: { host: a }, weight: 1 }, { destination: { host: bb }, weight: 1 }]";
  const result = lowered(
    `{ match: [{ uri: { prefix: /x } }], ${ABORT}, route: ${split} }, { ${ABORT}, route: [{ destination: { host: a } }] }`,
  );
  const { routes } = hostOf(result, "mesh", "a")!;
  expect(routes.map(({ fault }) => fault)).toEqual([undefined, undefined]);
  const names = routes.map(({ action }) =>
    action.kind === "forward" ? action.destinations.map(({ fault }) => fault) : [],
  );
  expect(names[1]).toEqual([names[0]![0]]);
  expect(new Set(result.config.upstreamFaults!.map(({ name }) => name))).toEqual(new Set(names[0]));
  expect(result.config.upstreamFaults!.map(({ cluster }) => cluster).sort()).toEqual([
    "outbound|80||a.default.svc.cluster.local",
    "outbound|80||bb.default.svc.cluster.local",
  ]);
});

test("is nothing in the proxy's scope, and without a fault", () => {
  const of = (http: string, scope?: string) => lowered(http, scope).config.upstreamFaults;
  expect(of(`{ ${ABORT}, route: [{ destination: { host: a } }] }`, "proxy")).toBeUndefined();
  expect(of("{ route: [{ destination: { host: a } }] }")).toBeUndefined();
});

test.each([
  // Istio's default names failures to connect, and no 503.
  ["", 2, ["connect-failure", "refused-stream"]],
  ["retries: { attempts: 3, retryOn: 'reset,404' }", 3, ["reset"]],
  // What the router before the fault retries is not retried behind it as well.
  ["retries: { attempts: 3, retryOn: 'connect-failure,5xx' }", 0, []],
  ["retries: { attempts: 3, retryOn: 'connect-failure,gateway-error' }", 0, []],
  ["retries: { attempts: 3, retryOn: 'connect-failure,503' }", 0, []],
  ["retries: { attempts: 3, retryOn: 'connect-failure,502' }", 3, ["connect-failure"]],
  ["retries: { attempts: 3, retryOn: '404' }", 0, []],
  ["retries: { attempts: 0 }", 0, []],
])("behind it, %s retries %i times on %j", (retries, attempts, retryOn) => {
  const http = `{ ${ABORT}, ${retries === "" ? "" : `${retries},`} route: [{ destination: { host: a } }] }`;
  expect(lowered(http).config.upstreamFaults).toMatchObject([{ retry: { attempts, retryOn } }]);
});

test("an endpoint is chosen behind it, which cannot be by where a request comes from", () => {
  const hashed = (hash: string) =>
    lower(
      SERVICES +
        rules(`{ ${ABORT}, route: [{ destination: { host: a } }] }`) +
        `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a, trafficPolicy: { loadBalancer: { consistentHash: { ${hash} } } } }
`,
    );
  const byHeader = hashed("httpHeaderName: x-user");
  expect(byHeader.findings).toEqual([]);
  expect(byHeader.config.upstreamFaults).toMatchObject([{ hash: [{ kind: "header", name: "x-user" }] }]);
  const { action } = hostOf(byHeader, "mesh", "a")!.routes[0]!;
  expect(action).not.toHaveProperty("hash");
  expect(hashed("useSourceIp: true").findings).toEqual(["SL0301 54"]);
});
