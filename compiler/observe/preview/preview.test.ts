import { expect, test } from "vitest";
import { loadFilter } from "../../answers/wasm-host/filter-vm.ts";
import { type Compilation, compile, texts } from "../../index.ts";
import { filterModulePath } from "../../platform/package-root.ts";
import type { SampledRequest } from "../tap/read-sample.ts";
import { type PreviewOptions, previewOf } from "./preview.ts";

const rules = (http: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
${http}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example, next.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.65.2.1 }]
`;

const split = (shop: number, next: number) =>
  `  - { name: split, route: [{ destination: { host: shop.example }, weight: ${shop} }, { destination: { host: next.example }, weight: ${next} }] }`;

async function compiled(http: string, target: "wasm" | "native" = "wasm"): Promise<Compilation> {
  const { compilation } = await compile({ source: texts({ "rules.yaml": rules(http) }), proxy: { target } });
  return compilation!;
}

function sample(path: string, headers: SampledRequest["headers"] = [], listener = "mesh"): SampledRequest {
  return {
    headers,
    tapped: {
      at: 0,
      listener,
      method: "GET",
      scheme: "http",
      authority: "shop.example",
      path,
      protocol: "HTTP/1.1",
      status: 200,
      details: "",
      flags: "",
      durationMs: 1,
      attempts: 1,
      bytesIn: 0,
      bytesOut: 0,
      headers: [],
    },
  };
}

const options = (samples: readonly SampledRequest[], more: Partial<PreviewOptions> = {}): PreviewOptions => ({
  module: loadFilter(filterModulePath()),
  samples,
  sampledHeaders: ["x-user"],
  signal: new AbortController().signal,
  ...more,
});

const JASON = `  - { name: jason, match: [{ headers: { x-user: { exact: jason } } }], directResponse: { status: 202 } }\n`;

test.each(["wasm", "native"] as const)(
  "target %s: samples that a new rule takes are counted, and shown",
  async (target) => {
    const before = await compiled(split(1, 1), target);
    const after = await compiled(JASON + split(1, 1), target);
    const samples = Array.from({ length: 1_000 }, (_, i) =>
      sample(`/${i}`, [["x-user", i % 10 === 0 ? "jason" : `user ${i}`]]),
    );
    const { replay, witnesses, differences } = await previewOf(before, after, options(samples));
    expect(replay).toMatchObject({ of: 1_000, changed: 100, unseen: [] });
    expect(replay?.examples).toEqual([
      {
        request: "GET http://shop.example/0 (x-user: jason)",
        before: "default/shop#split: to 50 % next.example:80, 50 % shop.example:80",
        after: "default/shop#jason: answer 202",
      },
    ]);
    expect(differences).toBe(1);
    expect(witnesses[0]).toMatchObject({ request: "GET http://shop.example/ (x-user: jason)" });
  },
);

test("the dice are no difference, the weights are", async () => {
  const samples = [sample("/"), sample("/a")];
  const before = await compiled(split(90, 10));
  const same = await previewOf(before, await compiled(`# a note\n${split(9, 1)}`), options(samples));
  expect(same).toEqual({
    witnesses: [],
    differences: 0,
    replay: { of: 2, changed: 0, examples: [], unseen: [] },
  });
  const other = await previewOf(before, await compiled(split(80, 20)), options(samples));
  expect(other.replay).toMatchObject({ of: 2, changed: 2 });
});

test("headers that samples do not have are told, and what was no request is left out", async () => {
  const after = await compiled(JASON.replaceAll("x-user", "x-other") + split(1, 1));
  const samples = [sample("/"), { ...sample("/"), tapped: { ...sample("/").tapped, authority: "" } }];
  const { replay } = await previewOf(await compiled(split(1, 1)), after, options(samples));
  expect(replay).toMatchObject({ of: 1, changed: 0, unseen: ["x-other"] });
});

test("a listener that is gone takes none of its requests", async () => {
  const before = await compiled(split(1, 1));
  const after = { ...before, config: { ...before.config, listeners: [] } };
  const { replay } = await previewOf(before, after, options([sample("/"), sample("/", [], "unknown")]));
  expect(replay).toMatchObject({ of: 1, changed: 1 });
});

test("one that nobody wants any more is given up", async () => {
  const before = await compiled(split(1, 1));
  const giveUp = new AbortController();
  const going = previewOf(
    before,
    await compiled(split(2, 1)),
    options([sample("/")], { signal: giveUp.signal }),
  );
  giveUp.abort(new Error("newer"));
  await expect(going).rejects.toThrow("newer");
});

test("credentials are decided by and not shown", async () => {
  const secret = `  - { match: [{ headers: { authorization: { exact: sesame } } }], directResponse: { status: 202 } }\n`;
  const samples = [sample("/", [["authorization", "sesame"]])];
  const preview = await previewOf(
    await compiled(split(1, 1)),
    await compiled(secret + split(1, 1)),
    options(samples),
  );
  expect(preview.replay?.changed).toBe(1);
  expect(JSON.stringify(preview.replay)).not.toContain("sesame");
});
