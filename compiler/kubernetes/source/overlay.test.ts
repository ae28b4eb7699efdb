import { describe, expect, test } from "vitest";
import { createWorkspace, type RuleSource, resourcesOf, type SourceFile, texts } from "../../index.ts";
import { overlay } from "./overlay.ts";

const rule = (name: string, host: string, more = "", namespace = "\n  namespace: shop") =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: ${name}${namespace}${more}\nspec:\n  hosts: ["shared.example"]\n  gateways: [shop/edge]\n  http:\n  - route:\n    - destination:\n        host: ${host}.example\n`;
const age = (second: number) => `\n  creationTimestamp: "2026-11-29T00:00:0${second}Z"`;
const others = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
${["a", "b", "c"]
  .map(
    (name) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: shop}
spec: {hosts: [${name}.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
`,
  )
  .join("---\n")}`;

/** A cluster as its source has it. */
function cluster(objects: Readonly<Record<string, string>>): RuleSource {
  const files: SourceFile[] = Object.entries({ others, ...objects }).map(([name, text]) => ({
    path: name === "others" ? name : `kubernetes://shop/VirtualService/${name}`,
    text,
  }));
  return { read: async () => files, watch: async () => ({ close: async () => {} }), standsAlone: () => true };
}

/** The destinations of a host in the order in which its rules are tried, the oldest first. */
async function order(
  objects: Readonly<Record<string, string>>,
  laid: Readonly<Record<string, string>>,
  namespace = "shop",
) {
  const source = overlay(cluster(objects), texts(laid), namespace);
  const { compilation, findings } = await createWorkspace({ source }).compile();
  expect(findings.summary.errors).toBe(0);
  const hosts = compilation!.config.listeners.flatMap(({ routes }) => routes.virtualHosts);
  const shared = hosts.filter(({ domains }) => domains.includes("shared.example"));
  const found = [...JSON.stringify(shared).matchAll(/outbound\|80\|\|(\w)\.example/g)].map(
    (match) => match[1],
  );
  return { hosts: [...new Set(found)].join(""), compilation: compilation! };
}

const TWO = { one: rule("one", "a", age(1)), two: rule("two", "b", age(2)) };

describe("files laid over a cluster", () => {
  test("an object that is changed keeps its age, a new one is the youngest", async () => {
    expect((await order(TWO, {})).hosts).toBe("ab");
    expect((await order(TWO, { "x.yaml": rule("two", "c") })).hosts).toBe("ac");
    expect((await order(TWO, { "x.yaml": rule("one", "c") })).hosts).toBe("cb");
    expect((await order(TWO, { "x.yaml": rule("three", "c") })).hosts).toBe("abc");
    // What a file says of its age is not what the API server would.
    expect((await order(TWO, { "x.yaml": rule("three", "c", age(0)) })).hosts).toBe("abc");
  });

  test("an object without a namespace is one of the context's", async () => {
    const laid = { "x.yaml": rule("two", "c", "", "") };
    expect((await order(TWO, laid)).hosts).toBe("ac");
    const { compilation, hosts } = await order(TWO, laid, "other");
    expect(hosts).toBe("abc");
    expect(resourcesOf(compilation).virtualServices.map(({ namespace }) => namespace)).toEqual([
      "shop",
      "shop",
      "other",
    ]);
  });

  test("items of a list take the place of objects, too", async () => {
    const list = JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualServiceList",
      items: [
        {
          metadata: { name: "two", namespace: "shop" },
          spec: {
            hosts: ["shared.example"],
            gateways: ["shop/edge"],
            http: [{ route: [{ destination: { host: "c.example" } }] }],
          },
        },
      ],
    });
    expect((await order(TWO, { "x.json": list })).hosts).toBe("ac");
  });

  test("a file that is wrong is an error; an object of the cluster that is wrong is left out", async () => {
    const wrong = rule("wrong", "a").replace("host:", "hots:");
    const broken = cluster({ ...TWO, wrong });
    const { held, compilation } = await createWorkspace({
      source: overlay(broken, texts({}), "shop"),
    }).compile();
    expect(held.map(({ file }) => file.path)).toEqual(["kubernetes://shop/VirtualService/wrong"]);
    expect(compilation).toBeDefined();
    const laid = createWorkspace({ source: overlay(cluster(TWO), texts({ "x.yaml": wrong }), "shop") });
    const { compilation: none, findings } = await laid.compile();
    expect(none).toBeUndefined();
    expect(findings.diagnostics).toContainEqual(expect.objectContaining({ code: "SL0104", file: "x.yaml" }));
  });
});
