/** One good set of rules, and every way to make it bad that a user is told about. */

/** Line 1 is the first of the VirtualService. */
export const GOOD = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: site
  namespace: shop
spec:
  hosts: [site.example]
  http:
  - match:
    - uri:
        prefix: /a
    route:
    - destination: { host: site.example, subset: v1 }
      weight: 50
    - destination: { host: site.example, subset: v2 }
      weight: 50
  - fault:
      abort: { httpStatus: 418, percentage: { value: 100 } }
    route:
    - destination: { host: site.example }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: site, namespace: shop }
spec:
  hosts: [site.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
  - { address: 127.0.0.1, labels: { version: v1 } }
  - { address: 127.0.0.1, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: site, namespace: shop }
spec:
  host: site.example
  subsets:
  - { name: v1, labels: { version: v1 } }
  - { name: v2, labels: { version: v2 } }
`;

export interface BadRules {
  readonly name: string;
  readonly text: string | Buffer;
  /** Line of the first error. */
  readonly line?: number;
}

const second = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: two, namespace: shop }
spec:
`;

/** Ten aliases of ten aliases …: a short text that stands for ten thousand million nodes. */
const bomb = [
  "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]`),
].join("\n");

export const BAD: readonly BadRules[] = [
  {
    name: "YAML that does not parse",
    text: GOOD.replace("hosts: [site.example]", "hosts: [site.example"),
    line: 8,
  },
  { name: "a tab for indentation", text: GOOD.replace("  namespace: shop", "\tnamespace: shop"), line: 5 },
  { name: "a duplicate key", text: GOOD.replace("  name: site\n", "  name: site\n  name: again\n"), line: 5 },
  { name: "a wrong type", text: GOOD.replace("hosts: [site.example]", "hosts: 7"), line: 7 },
  { name: "a boolean that was meant as text", text: GOOD.replace("prefix: /a", "exact: on"), line: 11 },
  { name: "a weight of -1", text: GOOD.replace("weight: 50", "weight: -1"), line: 14 },
  { name: "a weight beyond all numbers", text: GOOD.replace("weight: 50", "weight: 1e999"), line: 14 },
  { name: "an unknown field", text: GOOD.replace("prefix: /a", "prefx: /a"), line: 11 },
  { name: "an unknown kind", text: GOOD.replace("kind: VirtualService", "kind: VirtualServices"), line: 2 },
  {
    name: "overlapping hosts",
    text: GOOD.replace("hosts: [site.example]", "hosts: [site.example, site.example]"),
    line: 7,
  },
  {
    name: "a regular expression that RE2 refuses",
    text: GOOD.replace("prefix: /a", 'regex: "(?=x)y"'),
    line: 11,
  },
  {
    name: "a regular expression with a back reference",
    text: GOOD.replace("prefix: /a", "regex: '(a)\\1'"),
    line: 11,
  },
  {
    name: "a regular expression that is cut off",
    text: GOOD.replace("prefix: /a", 'regex: "/(a"'),
    line: 11,
  },
  { name: "an alias bomb", text: `${bomb}\n---\n${GOOD}`, line: 6 },
  { name: "an alias of itself", text: `a: &a [*a]\n---\n${GOOD}`, line: 1 },
  { name: "an unknown alias", text: GOOD.replace("prefix: /a", "prefix: *nowhere"), line: 11 },
  {
    name: "bytes that are no UTF-8",
    text: Buffer.concat([Buffer.from("# \xff\n", "latin1"), Buffer.from(GOOD)]),
  },
  { name: "deep nesting", text: `${"[".repeat(20_000)}${"]".repeat(20_000)}\n---\n${GOOD}`, line: 1 },
  { name: "no resource at all", text: `- a list\n---\n${GOOD}`, line: 1 },
  {
    name: "a rule without a route",
    text: `${GOOD}${second}  hosts: [x.example]\n  http:\n  - name: nothing\n`,
  },
  {
    name: "delegates in a circle",
    text: GOOD.replace(
      "  - fault:",
      "  - match:\n    - headers: { x: {} }\n    delegate: { name: site }\n  - fault:",
    ),
    line: 19,
  },
  {
    name: "a delegate that delegates",
    text: `${second.slice(4)}  http:\n  - delegate:\n      name: three\n---\n${GOOD}`,
    line: 6,
  },
];

/** Wrong in a way that leaves the rest to work. */
export const DOUBTFUL: readonly { readonly name: string; readonly text: string; readonly nearest: string }[] =
  [
    {
      name: "an unknown destination",
      text: GOOD.replace("- destination: { host: site.example }", "- destination: { host: sites.example }"),
      nearest: "site.example",
    },
    {
      name: "a missing subset",
      text: GOOD.replace("host: site.example, subset: v1 }", "host: site.example, subset: vv2 }"),
      nearest: "v2",
    },
    {
      name: "a Gateway that nobody selects",
      text: `${GOOD}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingresgateway }
  servers:
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
`,
      nearest: "ingressgateway",
    },
    {
      name: "a rule for a Gateway that does not exist",
      text: `${GOOD}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
${second}  hosts: [site.example]
  gateways: [egde]
  http:
  - route: [{ destination: { host: site.example } }]
`,
      nearest: "edge",
    },
    {
      name: "a delegate that does not exist",
      text: `${GOOD.replace("  - fault:", "  - match: [{ headers: { x: {} } }]\n    delegate: { name: twoo }\n  - fault:")}${second}  http:
  - route: [{ destination: { host: site.example } }]
`,
      nearest: "shop/two",
    },
  ];
