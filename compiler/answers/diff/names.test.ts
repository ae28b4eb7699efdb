import picocolors from "picocolors";
import { expect, test } from "vitest";
import { diff, texts } from "../../index.ts";
import type { DnsServer } from "../../ir/dns.ts";
import type { Config } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { diffConfigs } from "./diff.ts";
import { changedNames } from "./names.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { renderText } from "./render-text.ts";
import { isDifferent, reportOf, summaryOf } from "./report.ts";

type Names = Readonly<Record<string, readonly string[]>>;

function config(names: Names, more: Partial<DnsServer> = {}): Config {
  const domains = Object.entries(names).map(([name, addresses]) => ({ name, addresses }));
  return { listeners: [], clusters: [], dns: { address: "127.0.0.1", port: 53, domains, ...more } };
}
const NONE: Config = { listeners: [], clusters: [] };
const changes = (before: Names, after: Names) => changedNames(config(before), config(after));

test("a name that is answered that was not, no longer, or with other addresses", () => {
  const all = { a: ["10.0.0.1"], b: ["10.0.0.2"], c: ["10.0.0.3"] };
  expect(changes(all, all)).toEqual([]);
  expect(changes(all, { b: ["10.0.0.2", "10.0.0.9"], c: ["10.0.0.3"], d: ["10.0.0.4"] })).toEqual([
    { name: "a", before: ["10.0.0.1"] },
    { name: "b", before: ["10.0.0.2"], after: ["10.0.0.2", "10.0.0.9"] },
    { name: "d", after: ["10.0.0.4"] },
  ]);
});

test("the order of addresses is no difference", () => {
  expect(changes({ a: ["10.0.0.1", "10.0.0.2"] }, { a: ["10.0.0.2", "10.0.0.1"] })).toEqual([]);
});

test("a name that only one side has may be below a wildcard of the other, of which the longest counts", () => {
  const wild = { "*.example": ["10.0.0.1"], "*.a.example": ["10.0.0.2"] };
  expect(changes({ ...wild, "x.a.example": ["10.0.0.2"] }, wild)).toEqual([]);
  expect(changes({ ...wild, "x.b.example": ["10.0.0.2"] }, wild)).toEqual([
    { name: "x.b.example", before: ["10.0.0.2"], after: ["10.0.0.1"] },
  ]);
  expect(changes(wild, { "*.example": ["10.0.0.1"] })).toEqual([
    { name: "*.a.example", before: ["10.0.0.2"], after: ["10.0.0.1"] },
  ]);
  // The wildcard is not for its own suffix.
  expect(changes({ example: ["10.0.0.1"] }, { "*.example": ["10.0.0.1"] })).toEqual([
    { name: "*.example", after: ["10.0.0.1"] },
    { name: "example", before: ["10.0.0.1"] },
  ]);
});

test("where one side has no server, that is told, and not each name", () => {
  const named = config({ a: ["10.0.0.1"], b: ["10.0.0.2"] });
  const report = reportOf(diffConfigs(NONE, named));
  expect(report).toMatchObject({ dnsServer: { after: "127.0.0.1:53" }, names: [] });
  expect(isDifferent(report)).toBe(true);
  expect(summaryOf(report)).toContain("; DNS names are answered at 127.0.0.1:53");
  expect(summaryOf(reportOf(diffConfigs(named, NONE)))).toContain("no longer answered at 127.0.0.1:53");
  const moved = reportOf(diffConfigs(named, config({ a: ["10.0.0.1"] }, { address: "::1" })));
  expect(moved).toMatchObject({
    dnsServer: { before: "127.0.0.1:53", after: "[::1]:53" },
    names: [{ name: "b" }],
  });
  expect(reportOf(diffConfigs(named, named))).not.toHaveProperty("dnsServer");
});

test("makes a difference, is counted and shown", () => {
  const report = reportOf(diffConfigs(config({ a: ["10.0.0.1"] }), config({ "*.b": ["10.0.0.2"] })));
  expect(isDifferent(report)).toBe(true);
  expect(summaryOf(report)).toBe("no request is decided differently; 2 DNS names are answered differently");
  const style = { colors: picocolors.createColors(false), columns: 200, verbose: false };
  expect(renderText(report, style)).toContain("DNS answer for a\n  - 10.0.0.1\n  + not answered\n");
  expect(renderMarkdown(report)).toContain("| \\*.b | not answered | 10.0.0.2 |");
});

const entry = (name: string, more = "") => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  ${more}
  ports: [{ number: 9000, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]
`;

async function namesOf(before: readonly string[], after: readonly string[]) {
  const side = (documents: readonly string[]) => texts({ "rules.yaml": documents.join("---\n") });
  const proxy = { ...DEFAULT_PROXY_OPTIONS, meshListeners: true, dns: "127.0.0.1:15053" };
  const { report } = await diff({ before: side(before), after: side(after), proxy });
  return report?.names;
}

test("the virtual address of a host stays when others come and go, so they alone are told of", async () => {
  const others = ["b", "c", "d", "e", "f"].map((name) => entry(name));
  const names = await namesOf([entry("a")], [...others, entry("a")]);
  expect(names?.map(({ name }) => name)).toEqual(["b", "c", "d", "e", "f"].map((name) => `${name}.example`));
  const virtual = [expect.stringMatching(/^240\.240\./)];
  expect(names?.[0]).toEqual({ name: "b.example", after: virtual });
  expect(await namesOf([entry("a"), ...others], [...others])).toEqual([
    { name: "a.example", before: virtual },
  ]);
  expect(await namesOf([entry("a")], [entry("a", "addresses: [10.1.2.3]")])).toEqual([
    { name: "a.example", before: virtual, after: ["10.1.2.3"] },
  ]);
});
