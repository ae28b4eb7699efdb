/**
 * Hostile YAML: whatever it is, `check` says something with a place in it, or nothing; it never throws, and takes a
 * bounded time. `SLUICE_FUZZ=1000000` asks for more than the thousand or two of a normal run.
 */

import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { checkSources } from "./check.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { Ignores } from "./diagnostics/ignores.ts";
import { renderGithub } from "./diagnostics/render-github.ts";
import { toJson } from "./diagnostics/render-json.ts";
import { DEFAULT_PROXY_OPTIONS } from "./options.ts";

const INPUTS = Number(process.env.SLUICE_FUZZ ?? 1500);
/** Of one input, on a busy machine. */
const MAX_MS = 5000;

/** A repeatable source of chance. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const meta = (name: string) => ({ name, namespace: "default" });
const istio = (kind: string, spec: object, name = "a") => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: meta(name),
  spec,
});
const to = (host: string, subset?: string) => ({
  destination: { host, port: { number: 80 }, ...(subset && { subset }) },
});

const SEEDS: readonly object[] = [
  istio("VirtualService", {
    hosts: ["a.example", "*.b.example"],
    gateways: ["mesh", "gw"],
    exportTo: ["."],
    http: [
      {
        name: "r",
        match: [
          {
            uri: { regex: "/a.b/[0-9]+" },
            headers: { x: { exact: "1" }, y: {} },
            withoutHeaders: { z: { prefix: "q" } },
            queryParams: { q: { regex: "a|b" } },
            method: { exact: "POST" },
            sourceLabels: { app: "a" },
            gateways: ["gw"],
            port: 80,
            ignoreUriCase: true,
          },
        ],
        route: [
          { ...to("s.example", "v1"), weight: 80, headers: { request: { set: { a: "b" } } } },
          { ...to("s.example"), weight: 20 },
        ],
        timeout: "1s",
        retries: { attempts: 3, perTryTimeout: "2s", retryOn: "5xx,503", backoff: "25ms" },
        fault: {
          delay: { fixedDelay: "2s", percentage: { value: 10 } },
          abort: { httpStatus: 503, percentage: { value: 1 } },
        },
        mirrors: [{ destination: { host: "s.example" }, percentage: { value: 5 } }],
        rewrite: { uri: "/x", authority: "c" },
        corsPolicy: { allowOrigins: [{ exact: "*" }], maxAge: "1m", allowCredentials: true },
        headers: { response: { add: { c: "%REQ(x)%" }, remove: ["d"] } },
      },
      {
        match: [{ uri: { prefix: "/r" } }],
        redirect: { uri: "/q", redirectCode: 302, derivePort: "FROM_PROTOCOL_DEFAULT" },
      },
      { match: [{ uri: { exact: "/d" } }], directResponse: { status: 200, body: { string: "x" } } },
      { delegate: { name: "other", namespace: "default" } },
    ],
    tls: [{ match: [{ sniHosts: ["a.example"], port: 443 }], route: [to("s.example")] }],
    tcp: [{ match: [{ port: 9 }], route: [to("s.example")] }],
  }),
  istio("VirtualService", { http: [{ route: [to("s.example")] }] }, "other"),
  istio("DestinationRule", {
    host: "s.example",
    subsets: [{ name: "v1", labels: { v: "1" }, trafficPolicy: { tls: { mode: "SIMPLE" } } }],
    trafficPolicy: {
      loadBalancer: {
        consistentHash: { httpCookie: { name: "c", ttl: "0s" } },
        localityLbSetting: { failoverPriority: ["a"] },
      },
      connectionPool: {
        tcp: { maxConnections: 1, connectTimeout: "1s" },
        http: { maxRetries: 1, http1MaxPendingRequests: 2 },
      },
      outlierDetection: { consecutive5xxErrors: 1, interval: "1s", maxEjectionPercent: 50 },
      portLevelSettings: [
        { port: { number: 80 }, tls: { mode: "MUTUAL", clientCertificate: "c", privateKey: "k" } },
      ],
    },
    workloadSelector: { matchLabels: { a: "b" } },
  }),
  istio("ServiceEntry", {
    hosts: ["s.example"],
    addresses: ["10.0.0.1"],
    ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: 8080 }],
    resolution: "STATIC",
    location: "MESH_EXTERNAL",
    endpoints: [{ address: "1.2.3.4", ports: { http: 1 }, labels: { v: "1" }, weight: 1, locality: "a/b/c" }],
  }),
  istio(
    "Gateway",
    {
      selector: { istio: "ingressgateway" },
      servers: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*/a.example", "./b.example"] },
        {
          port: { number: 443, name: "s", protocol: "HTTPS" },
          hosts: ["*"],
          tls: { mode: "SIMPLE", credentialName: "cert" },
        },
      ],
    },
    "gw",
  ),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...meta("k"), annotations: { "networking.istio.io/exportTo": "*" } },
    spec: {
      selector: { app: "k" },
      ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
      clusterIP: "10.0.0.2",
    },
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta("cert"),
    data: { "tls.crt": "eA==", "tls.key": "eA==" },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...meta("p"), labels: { app: "k", istio: "ingressgateway" } },
    spec: { nodeName: "n" },
    status: { podIP: "10.0.0.3" },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...meta("k-1"), labels: { "kubernetes.io/service-name": "k" } },
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.0.0.3"],
        conditions: { ready: true },
        targetRef: { kind: "Pod", name: "p", namespace: "default" },
      },
    ],
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: meta("kgw"),
    spec: { listeners: [{ hostname: "x", port: 80 }] },
  },
  {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: meta("ra"),
    spec: { selector: { matchLabels: { a: "b" } } },
  },
];

const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  Number.NaN,
  "",
  " ",
  "\u0000",
  "a\nb",
  "*",
  "%",
  "__proto__",
  "constructor",
  "-",
  "/",
  ".",
  "..",
  "1s",
  "-5s",
  "99999999999h",
  "(",
  "[",
  "a{1000}{1000}",
  "(?i)\\pL+$",
  ".*.*.*=.*",
  "x".repeat(5000),
  "\ud800",
  "é",
  [],
  {},
  [null],
  [[[]]],
  [{}],
  { a: 1 },
  { "": "" },
  { __proto__: null, exact: 1 },
  { exact: "a", prefix: "b" },
  65536,
  80.5,
  "80",
  "0x50",
  "~",
  "mesh",
  "default/gw",
  "s.example",
];

function nameFrom(dice: Dice): string {
  const name = dice.pick(HOSTILE);
  return typeof name === "object" ? "status" : String(name);
}

/** A copy with one of its nodes, somewhere, taken away, doubled, renamed or replaced by what nobody expects there. */
function mutated(value: unknown, dice: Dice): unknown {
  if (typeof value !== "object" || value === null || dice.next() < 0.15) {
    return dice.next() < 0.8 ? dice.pick(HOSTILE) : value;
  }
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])];
    const at = dice.below(list.length + 1);
    const kind = dice.next();
    if (kind < 0.15) list.splice(at, 1);
    else if (kind < 0.3) list.splice(at, 0, list[dice.below(list.length)] ?? dice.pick(HOSTILE));
    else if (at < list.length) list[at] = mutated(list[at], dice);
    return list;
  }
  const entries = Object.entries(value);
  const at = dice.below(entries.length + 1);
  const entry = entries[at];
  const kind = dice.next();
  if (entry === undefined || kind < 0.05) entries.push([nameFrom(dice), dice.pick(HOSTILE)]);
  else if (kind < 0.12) entries.splice(at, 1);
  else if (kind < 0.15) entry[0] = nameFrom(dice);
  else entry[1] = mutated(entry[1], dice);
  return Object.fromEntries(entries);
}

const SNIPPETS = [
  "\t",
  "\r\n",
  "\ufeff",
  "\u0000",
  "---\n",
  "...\n",
  "&a ",
  "*a",
  "<<: *a\n",
  "!!binary ",
  "!<tag:x> ",
  "? ",
  "- ",
  ": ",
  "|\n",
  ">-\n",
  "'",
  '"',
  "{",
  "[",
  "}",
  "]",
  "#",
  "%YAML 1.2\n",
  "# sluice: ignore SL0801 x",
  "\u2028",
  "\udc00",
  "@",
  "`",
  ", ",
  "  ",
  "\n",
];

function broken(text: string, dice: Dice): string {
  let result = text;
  for (let i = dice.below(4); i >= 0; i--) {
    const at = dice.below(result.length + 1);
    const length = dice.below(30);
    const kind = dice.next();
    if (kind < 0.4) result = result.slice(0, at) + dice.pick(SNIPPETS) + result.slice(at);
    else if (kind < 0.6) result = result.slice(0, at) + result.slice(at + length);
    else if (kind < 0.8)
      result = result.slice(0, at) + result.slice(at, at + length).repeat(3) + result.slice(at + length);
    else if (kind < 0.9)
      result = result.slice(0, at) + String.fromCharCode(dice.below(0x3000)) + result.slice(at + 1);
    else result = result.replaceAll("\n", dice.pick(["\r\n", "\r", "\n\n", "\n\t"]));
  }
  return result;
}

function inputOf(dice: Dice): string {
  const documents = SEEDS.filter(() => dice.next() < 0.5).map((seed) => {
    let document: unknown = seed;
    for (let i = dice.below(4); i > 0; i--) document = mutated(document, dice);
    return document;
  });
  const text =
    dice.next() < 0.3
      ? JSON.stringify({ apiVersion: "v1", kind: "List", items: documents })
      : documents.map((document) => stringify(document)).join("---\n");
  return dice.next() < 0.4 ? broken(text, dice) : text;
}

/** What `check` does with a text; throws when it throws. */
function check(text: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const ignores = new Ignores();
  const file = { path: "hostile.yaml", text };
  const sink = {
    report: (diagnostic: Diagnostic) => void (ignores.silences(diagnostic) || found.push(diagnostic)),
  };
  checkSources([file], DEFAULT_PROXY_OPTIONS, sink);
  ignores.reportUseless([file], { report: (diagnostic) => found.push(diagnostic) });
  for (const diagnostic of found) toJson(diagnostic);
  renderGithub(found);
  return found;
}

describe("hostile YAML", () => {
  it(`never makes check throw, nor takes long (${INPUTS} inputs)`, { timeout: 3_600_000 }, () => {
    let findings = 0;
    for (let seed = 1; seed <= INPUTS; seed++) {
      const text = inputOf(new Dice(seed));
      const start = performance.now();
      try {
        findings += check(text).length;
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).stack}\n${text.slice(0, 3000)}`);
      }
      const took = performance.now() - start;
      if (took > MAX_MS) throw new Error(`seed ${seed} took ${took} ms:\n${text.slice(0, 3000)}`);
    }
    // Inputs without anything to say of would prove nothing.
    expect(findings).toBeGreaterThan(INPUTS);
  });

  it.each([
    ["deep lists", "[".repeat(200_000)],
    ["deep mappings", "a: ".repeat(50_000)],
    ["deep dashes", "- ".repeat(50_000)],
    ["deep indentation", Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [
      "an alias bomb",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghijk"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[i]}`).join()}]`)
        .join("\n")}\n`,
    ],
    ["an alias of itself", "a: &a [*a]\n"],
    ["a line of 30 MB", `apiVersion: v1\nkind: Service\nmetadata: {name: "${"x".repeat(30_000_000)}"}\n`],
    ["30 MB of list on a line", `a: [${"1,".repeat(15_000_000)}]`],
    ["nothing but comments", "# sluice: ignore SL0801 x\n".repeat(20_000)],
    ["hashes", "#".repeat(2_000_000)],
    ["NUL", "\0".repeat(100_000)],
    ["BOM in the middle", "a: 1\n\ufeffb: 2\n"],
    ["tabs", "a:\n\t- b\n"],
    ["CRLF", "apiVersion: v1\r\nkind: Service\r\nmetadata:\r\n  name: a\r\n"],
    ["many documents", "---\n".repeat(100_000)],
    [
      "a regex of a megabyte",
      JSON.stringify(
        istio("VirtualService", {
          hosts: ["a.example"],
          http: [{ match: [{ uri: { regex: "[".repeat(1_000_000) } }], route: [to("s")] }],
        }),
      ),
    ],
    [
      "prefixes of a megabyte",
      JSON.stringify(
        istio("VirtualService", {
          hosts: ["a.example"],
          http: Array.from({ length: 5 }, (_, i) => ({
            match: [{ uri: { prefix: `/${"a".repeat(1_000_000 - i)}` } }],
            route: [to("s")],
          })),
        }),
      ),
    ],
  ])("%s", { timeout: 60_000 }, (_name, text) => {
    const start = performance.now();
    check(text);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
