/** What is kept of thousands of rules for the next change changes nothing: they are compiled as if they had always been as they are. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { SourceFile } from "./diagnostics/span.ts";
import { createWorkspace, printableIr } from "./index.ts";
import type { RuleSource, Watch } from "./source/rule-source.ts";
import { texts } from "./source/texts.ts";
import type { Workspace } from "./workspace.ts";

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com", "*.example.org"]}]
---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
`;

interface Rules {
  readonly name: number;
  readonly hosts: readonly string[];
  readonly gateway: string;
  readonly match: string;
  readonly to: string;
}

const rules: fc.Arbitrary<Rules> = fc.record({
  name: fc.nat(12),
  hosts: fc.uniqueArray(
    fc.constantFrom(
      ..."abcdefgh".split("").map((letter) => `${letter}.example.com`),
      "x.example.org",
      "*.example.org",
      "elsewhere.net",
    ),
    { minLength: 1, maxLength: 2 },
  ),
  gateway: fc.constantFrom("edge", "edge", "edge", "nowhere", "mesh"),
  match: fc.constantFrom(
    "[{uri: {prefix: /a}}]",
    "[{uri: {exact: /a/b}}, {uri: {prefix: /c}}]",
    "[{uri: {regex: /r/.*}}]",
    "[{headers: {x-user: {exact: me}}}]",
    "[{queryParams: {q: {exact: me}}}, {uri: {prefix: /}}]",
    "[{port: 81}]",
  ),
  to: fc.constantFrom(
    "directResponse: {status: 200, body: {string: one}}",
    "directResponse: {status: 200, body: {string: another}}",
    "route: [{destination: {host: reviews}}]",
    "route: [{destination: {host: reviews}}]\n      fault: {abort: {httpStatus: 503, percentage: {value: 1}}}",
    "route: [{destination: {host: nobody}}]",
    "redirect: {uri: /z}",
  ),
});

const textOf = ({ name, hosts, gateway, match, to }: Rules) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rules-${name}}
spec:
  hosts: ${JSON.stringify(hosts)}
  gateways: [${gateway}]
  http:
    - match: ${match}
      ${to}
`;

/** A text that has not changed is the same object as before. */
class ChangingSource implements RuleSource {
  #files: readonly SourceFile[] = [];

  set(texts: ReadonlyMap<string, string>): void {
    const before = new Map(this.#files.map((file) => [file.path, file]));
    this.#files = [...texts].map(([path, text]) => {
      const known = before.get(path);
      return known?.text === text ? known : { path, text };
    });
  }

  async read(): Promise<readonly SourceFile[]> {
    return this.#files;
  }

  async watch(): Promise<Watch> {
    return { close: async () => {} };
  }
}

async function outcome(workspace: Workspace): Promise<unknown> {
  const { findings, compilation } = await workspace.compile();
  return {
    diagnostics: findings.diagnostics,
    ir: compilation && printableIr(compilation.config),
    blobs: [...(compilation?.blobs ?? [])].map(([name, blob]) => [
      name,
      Buffer.from(blob).toString("base64"),
    ]),
  };
}

test("rules that come, change and go, one by one or several at once, mean what they mean to a cold compiler", async () => {
  let built = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(rules, { minLength: 4, maxLength: 12 }),
      fc.array(fc.array(fc.oneof(rules, fc.nat(12)), { minLength: 1, maxLength: 2 }), {
        minLength: 1,
        maxLength: 6,
      }),
      async (first, changes) => {
        const source = new ChangingSource();
        const warm = createWorkspace({ source });
        const now = new Map(first.map((one) => [one.name, textOf(one)]));
        for (const change of [[], ...changes]) {
          for (const one of change) {
            if (typeof one === "number") {
              now.delete(one);
            } else {
              now.set(one.name, textOf(one));
            }
          }
          const files = new Map([["a.yaml", GATEWAY]]);
          for (const [name, text] of [...now].sort(([a], [b]) => a - b)) {
            files.set(`rules-${name}.yaml`, text);
          }
          source.set(files);
          const cold = await outcome(createWorkspace({ source: texts(Object.fromEntries(files)) }));
          expect(await outcome(warm)).toEqual(cold);
          built += (cold as { ir?: unknown }).ir === undefined ? 0 : 1;
        }
      },
    ),
    { numRuns: Number(process.env.SLUICE_CHANGES ?? 20) },
  );
  expect(built).toBeGreaterThan(10);
}, 600_000);
