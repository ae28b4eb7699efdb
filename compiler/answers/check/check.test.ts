import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { positionAt } from "../../diagnostics/position.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { checkSources } from "./check.ts";

/** `code line` of what is found. */
async function check(text: string): Promise<string[]> {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  checkSources([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, sink);
  return found
    .map(({ code, span }) => `${code} ${span ? positionAt(span.file, span.start).line : "-"}`)
    .sort();
}

const SERVICE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s}
spec: {hosts: [s.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
`;

/** Rules from line 11 on. */
function rules(http: string): string {
  return `${SERVICE}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  http:
${http}`;
}

const ROUTE = "route: [{destination: {host: s.example}}]";

describe("rules that are never reached", () => {
  test("are told by what they match, and not by how it is written", async () => {
    const found = await check(
      rules(`  - match:
    - uri: {regex: "/[a-m].*"}
    - uri: {prefix: "/n/"}
    ${ROUTE}
  - match:
    - uri: {regex: "/(ab|n/x)[0-9]*"}
    - uri: {regex: "/(ab|o)[0-9]*"}
    ${ROUTE}
`),
    );
    expect(found).toEqual(["SL0271 17"]);
    const both = rules(`  - match: [{uri: {regex: "/.*"}}]
    ${ROUTE}
  - match: [{uri: {regex: "/a.*"}}, {uri: {exact: /b}}]
    ${ROUTE}
`);
    expect(await check(both)).toEqual(["SL0270 14"]);
  });

  test("may be so by several rules together, of which none is enough", async () => {
    const found = await check(
      rules(`  - match: [{headers: {x: {exact: "1"}}}]
    ${ROUTE}
  - match: [{withoutHeaders: {x: {exact: "1"}}}]
    ${ROUTE}
  - ${ROUTE}
`),
    );
    expect(found).toEqual(["SL0270 16"]);
    expect(
      await check(
        rules(`  - match: [{headers: {x: {exact: "1"}}}]
    ${ROUTE}
  - match: [{withoutHeaders: {x: {prefix: "1"}}}]
    ${ROUTE}
  - ${ROUTE}
`),
      ),
    ).toEqual([]);
  });

  test("are also those that no request can meet", async () => {
    expect(
      await check(
        rules(`  - match: [{uri: {exact: /a/../b}}]
    ${ROUTE}
  - match: [{uri: {exact: "/%41"}}, {uri: {exact: "/%2f"}}]
    ${ROUTE}
`),
      ),
    ).toEqual(["SL0811 12", "SL0811 14"]);
  });
});

describe("a rule that other proxies reach", () => {
  const pair = (first: string, second = "") =>
    rules(`  - match: [{uri: {prefix: /a/}${first && `, ${first}`}}]
    ${ROUTE}
  - match: [{uri: {exact: /a/b}${second && `, ${second}`}}]
    ${ROUTE}
`);
  const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ANOTHER}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
`;
  const bound = (text: string) => text.replace("hosts: [a", "gateways: [edge, mesh]\n  hosts: [a");

  test("is not said never to be reached", async () => {
    const { proxyNamespace } = DEFAULT_PROXY_OPTIONS;
    expect(await check(pair(`sourceNamespace: ${proxyNamespace}`))).toEqual([]);
    expect(await check(pair("sourceLabels: {istio: ingressgateway}"))).toEqual([]);
    expect(await check(GATEWAY + bound(pair("gateways: [mesh]")))).toEqual(["SL0446 5"]);
    const secure = bound(
      rules(`  - match: [{scheme: {exact: http}}]
    ${ROUTE}
  - match: [{headers: {x-forwarded-proto: {exact: https}}}]
    ${ROUTE}
`),
    ).replace(", mesh", "");
    // At an edge without TLS it is always http; at another, it is not.
    const selected = GATEWAY.replace("ANOTHER", "ingressgateway");
    expect(await check(selected + secure)).toEqual(["SL0811 22"]);
    expect(await check(selected + secure.replace("[edge]", "[edge, elsewhere]"))).toEqual(["SL0404 17"]);
  });

  test("is one that each of them has behind the same rule", async () => {
    expect(await check(pair(""))).toEqual(["SL0270 14"]);
    const source = `sourceNamespace: ${DEFAULT_PROXY_OPTIONS.proxyNamespace}`;
    expect(await check(pair(source, source))).toEqual(["SL0270 14"]);
    expect(await check(GATEWAY + bound(pair("")))).toEqual(["SL0270 22", "SL0446 5"]);
    expect(await check(GATEWAY + bound(pair("gateways: [mesh]", "gateways: [mesh]")))).toEqual([
      "SL0270 22",
      "SL0446 5",
    ]);
  });
});

describe("what is right and hardly meant", () => {
  test.each([
    [
      "SL0801",
      `match: [{uri: {prefix: /api}}]\n    ${ROUTE}`,
      `match: [{uri: {prefix: /api/}}]\n    ${ROUTE}`,
    ],
    [
      "SL0802",
      `match: [{uri: {regex: "/v1.0/x"}}]\n    ${ROUTE}`,
      `match: [{uri: {regex: "/v1\\\\.0/x[a.b].*a.?"}}]\n    ${ROUTE}`,
    ],
    [
      "SL0803",
      "route: [{destination: {host: s.example}, weight: 0}, {destination: {host: s.example}, weight: 1}]",
      "route: [{destination: {host: s.example}, weight: 1}, {destination: {host: s.example}, weight: 1}]",
    ],
    [
      "SL0804",
      "route: [{destination: {host: s.example}}, {destination: {host: s.example}, weight: 1}]",
      ROUTE,
    ],
    [
      "SL0805",
      `timeout: 1s\n    fault: {delay: {fixedDelay: 2s, percentage: {value: 1}}}\n    ${ROUTE}`,
      `timeout: 3s\n    fault: {delay: {fixedDelay: 2s, percentage: {value: 1}}}\n    ${ROUTE}`,
    ],
    [
      "SL0806",
      `timeout: 1s\n    retries: {attempts: 2, perTryTimeout: 400ms}\n    ${ROUTE}`,
      `timeout: 1200ms\n    retries: {attempts: 2, perTryTimeout: 400ms}\n    ${ROUTE}`,
    ],
    [
      "SL0802",
      `match: [{uri: {regex: "/img/.*.(png|jpg)"}}]\n    ${ROUTE}`,
      `match: [{uri: {regex: "/img/.*[.]png"}}]\n    ${ROUTE}`,
    ],
    [
      "SL0807",
      `match: [{method: {regex: "P.*"}}]\n    retries: {attempts: 2, retryOn: reset}\n    ${ROUTE}`,
      `match: [{method: {regex: "GET|POSTED"}}]\n    retries: {attempts: 2, retryOn: reset}\n    ${ROUTE}`,
    ],
    [
      "SL0807",
      `match: [{method: {exact: POST}}]\n    retries: {attempts: 2, retryOn: "connect-failure,5xx"}\n    ${ROUTE}`,
      `match: [{method: {exact: POST}}]\n    retries: {attempts: 2, retryOn: connect-failure}\n    ${ROUTE}`,
    ],
    [
      "SL0808",
      `retries: {attempts: 2, retryOn: "503"}\n    ${ROUTE}`,
      `match: [{method: {exact: GET}}]\n    retries: {attempts: 2, retryOn: "503"}\n    ${ROUTE}`,
    ],
  ])("%s", async (code, hardlyMeant, fine) => {
    const codes = async (rule: string) =>
      (await check(rules(`  - ${rule}\n`))).map((line) => line.split(" ")[0]);
    expect(await codes(hardlyMeant)).toEqual([code]);
    expect(await codes(fine)).toEqual([]);
  });

  test("is what nobody asks for, too", async () => {
    const rule = (host: string) => `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host}}
spec: {host: ${host}.example, subsets: [{name: v1}, {name: v2}]}
`;
    const found = await check(
      `${rules("  - route: [{destination: {host: s.example, subset: v1}}]\n")}${rule("s")}---
${SERVICE.replaceAll(/\bs\b/g, "t")}${rule("t").slice(4)}`,
    );
    expect(found).toEqual(["SL0809 27", "SL0810 17"]);
    // Who asks for it may be who is refused.
    const refused = rules("  - {route: [{destination: {host: s.example, subset: v1}}], nonsense: 1}\n");
    expect(await check(`${refused}${rule("s")}`)).toEqual(["SL0104 12"]);
  });
});

describe("what stands between resources", () => {
  test("is told whoever the proxy is", async () => {
    expect(
      await check(`${SERVICE}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: elsewhere}
spec:
  hosts: [a.example]
  gateways: [nowhere]
  exportTo: ["."]
  http:
  - match: [{uri: {exact: /a}}]
    route: [{destination: {host: nobody.example}}]
  - route: [{destination: {host: s.example, subset: v1, port: {number: 81}}}]
`),
    ).toEqual(["SL0401 15", "SL0402 16", "SL0403 16", "SL0404 11"]);
  });

  test("is told of two Gateways for one host and port, and of two VirtualServices for one host", async () => {
    const gateway = (name: string) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}
---
`;
    expect(await check(gateway("a") + gateway("b"))).toEqual(["SL0420 15", "SL0420 7"]);
    const virtualService = (name: string) => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec: {hosts: [a.example], http: [{${ROUTE}}]}
`;
    expect(await check(SERVICE + virtualService("a").slice(4) + virtualService("b"))).toEqual([
      "SL0407 14",
      "SL0407 9",
    ]);
  });

  test("is told of a limit by a claim where no token is ever verified", async () => {
    const gateway = (selector: string) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {${selector}}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}
---
`;
    const policy = (more: string) => `---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: istio-system}
spec: {${more} jwtRules: [{issuer: a, jwks: '{"keys": []}'}]}
`;
    const rule = (name: string, spec: string, limit = "") => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, annotations: {${limit}}}
spec: {${spec}}
`;
    const limit = 'sluice.dev/rate-limit: "1/s by claim:sub"';
    const bound = rule(
      "a",
      "hosts: [a.example], gateways: [edge], http: [{directResponse: {status: 200}}]",
      limit,
    );
    const told = async (text: string) =>
      (await check(text)).filter((finding) => finding.startsWith("SL0430"));
    const ingress = gateway("istio: ingressgateway");
    expect(await told(ingress + bound)).toEqual(["SL0430 11"]);
    expect(await told(ingress + bound + policy("selector: {matchLabels: {app: other}},"))).toEqual([
      "SL0430 11",
    ]);
    expect(await told(ingress + bound + policy(""))).toEqual([]);
    // No Pod of it is known.
    expect(await told(gateway("app: own") + bound)).toEqual(["SL0430 11"]);
    expect(await told(gateway("app: own") + bound + policy("selector: {matchLabels: {app: own}},"))).toEqual(
      [],
    );
    // A delegate is where those are that delegate to it.
    const delegate = rule("b", "http: [{directResponse: {status: 200}}]", limit);
    const root = (gateways: string) => `---
${rule("c", `hosts: [a.example], ${gateways} http: [{delegate: {name: b}}]`)}`;
    expect(await told(ingress + delegate + root("gateways: [edge],"))).toEqual(["SL0430 11"]);
    expect(await told(ingress + delegate + root("gateways: [edge],") + policy(""))).toEqual([]);
    expect(await told(ingress + delegate + root("") + policy(""))).toEqual(["SL0430 11"]);
  });

  test("is told of subsets of a ServiceEntry whose endpoints are known, and have other labels", async () => {
    const entry = (more: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s}
spec: {hosts: [s.example], ports: [{number: 80, name: http, protocol: HTTP}], ${more}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s}
spec:
  host: s.example
  subsets:
  - {name: all}
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
`;
    const empty = async (more: string) =>
      (await check(entry(more))).filter((finding) => finding.startsWith("SL0409"));
    const endpoints = "endpoints: [{address: 10.0.0.1, labels: {version: v1}}]";
    expect(await empty(`resolution: STATIC, ${endpoints}`)).toEqual(["SL0409 14"]);
    expect(await empty("resolution: DNS")).toEqual(["SL0409 13", "SL0409 14"]);
    expect(await empty("resolution: NONE")).toEqual([]);
  });

  test("is not told of Gateways that are there, or that only istiod can make", async () => {
    const gateway = (hostname: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {listeners: [{name: http, port: 80, protocol: HTTP, hostname: "${hostname}"}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  gateways: [edge]
  http: [{directResponse: {status: 200}}]
`;
    expect(await check(gateway(""))).toEqual(["SL0110 -"]);
    expect(await check(gateway("b.example"))).toEqual(["SL0110 -", "SL0408 10"]);
    expect(await check(gateway("").replace("[edge]", "[edge~istio-autogenerated-k8s-gateway~http]"))).toEqual(
      ["SL0110 -", "SL0212 11", "SL0431 11"],
    );
  });
});
