/**
 * `sluice export --to istio` and `--to envoy-gateway`: against the published schemas, and what the filter does in a real
 * Envoy whose routes somebody else wrote, configured as both of them configure it.
 */

import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { WasmPlugin } from "@kubernetes-models/istio/extensions.istio.io/v1alpha1/WasmPlugin";
import { Ajv } from "ajv";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { startEnvoy } from "../../compiler/run/envoy/start.ts";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { ExportFolder, edgeRules } from "./folder.ts";

const HTTP = `
  - name: fault
    match: [{ uri: { prefix: /fault } }]
    fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
    route: [{ destination: { host: api.example } }]
  - name: slow
    match: [{ uri: { prefix: /slow } }]
    fault: { delay: { fixedDelay: 300ms, percentage: { value: 100 } } }
    route: [{ destination: { host: api.example } }]
  - name: gone
    match: [{ uri: { prefix: /gone } }]
    directResponse: { status: 410, body: { string: gone for good } }
  - name: moved
    match: [{ uri: { prefix: /moved } }]
    redirect: { uri: /new }
  - name: never
    match: [{ uri: { prefix: /never } }]
    timeout: 300ms
    route: [{ destination: { host: api.example } }]
  - name: flaky
    match: [{ uri: { prefix: /flaky } }]
    retries: { attempts: 3, retryOn: 5xx }
    route: [{ destination: { host: api.example } }]
  - name: edited
    match: [{ uri: { prefix: /edited } }]
    rewrite: { uri: /rewritten, authority: written.example }
    headers: { request: { set: { x-set: "1" }, remove: [x-gone] } }
    route:
    - { destination: { host: api.example }, weight: 50 }
    - { destination: { host: api.example, subset: other }, weight: 50 }
`;
/** What takes a route of Sluice's own. */
const NEEDS_ROUTES = `
  - name: routes
    match: [{ uri: { prefix: /routes } }]
    rewrite: { uriRegexRewrite: { match: "/routes/(.*)", rewrite: "/\\\\1" } }
    headers: { request: { set: { x-variable: "%PROTOCOL%" } }, response: { set: { x-response: "1" } } }
    corsPolicy: { allowOrigins: [{ exact: "http://a.example" }] }
    mirrors: [{ destination: { host: api.example } }]
    route: [{ destination: { host: api.example } }]
`;
const OTHER = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec: { host: api.example, subsets: [{ name: other, labels: { a: b } }] }
`;
const IMAGE = "registry.example:5000/team/sluice:0.1";

let folder: ExportFolder;
let upstream: http.Server;
let asked: string[] = [];
beforeAll(async () => {
  upstream = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    asked.push(request.url!);
    if (request.url === "/never") {
      return;
    }
    if (request.url === "/flaky" && asked.filter((url) => url === "/flaky").length < 3) {
      response.statusCode = 503;
    }
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
});
beforeEach(async () => {
  folder = await ExportFolder.create();
});
afterEach(() => folder.remove());

const rules = (http = HTTP) => `${edgeRules(80, http)}${OTHER}`;

test("a WasmPlugin for each listener, which names the image by its digest", async () => {
  const { code, err } = await folder.export(rules(), ["--to", "istio", "--image", IMAGE]);
  expect(code, err).toBe(0);
  const names = async () => [...(await folder.files()).keys()].filter((name) => name.endsWith(".yaml"));
  expect(await names()).toEqual(["sluice-gateway-80.yaml"]);
  const plugin = await folder.yaml("sluice-gateway-80.yaml");
  expect(() => new WasmPlugin(plugin).validate()).not.toThrow();
  expect(plugin.spec.url).toMatch(/^oci:\/\/registry\.example:5000\/team\/sluice@sha256:[0-9a-f]{64}$/);
  expect(plugin.spec.match).toEqual([{ mode: "CLIENT", ports: [{ number: 80 }] }]);
  expect((await folder.yaml("sluice-gateway-80.yaml")).spec.selector.matchLabels.istio).toBe(
    "ingressgateway",
  );
  await folder.export(rules().replace("gateways: [edge]", ""), [
    "--to",
    "istio",
    "--image",
    IMAGE,
    "--mesh-listeners",
  ]);
  expect(await names()).toEqual(["sluice-mesh-80.yaml"]);
  expect((await folder.yaml("sluice-mesh-80.yaml")).spec.selector).toBeUndefined();
  const digest = (await folder.export("", ["--to", "oci"])).out.match(/sha256:[0-9a-f]{64}/)?.[0];
  expect((await folder.export(rules(), ["--to", "istio", "--image", IMAGE])).code).toBe(0);
  expect((await folder.yaml("sluice-gateway-80.yaml")).spec.url).toContain(digest);
  // A judge that takes everything would be none.
  const { spec } = await folder.yaml("sluice-gateway-80.yaml");
  expect(() => new WasmPlugin({ spec: { ...spec, phase: "LAST" } }).validate()).toThrow();
});

test("istiod compares the port that a gateway's Pod listens on, and that of the service in a sidecar", async () => {
  const ports = async (name: string) => (await folder.yaml(name)).spec.match[0].ports;
  const to = ["--to", "istio", "--image", IMAGE, "--port-map", "80=8080"];
  expect((await folder.export(rules(), to)).code).toBe(0);
  expect(await ports("sluice-gateway-80.yaml")).toEqual([{ number: 8080 }]);
  const sidecar = rules().replace("gateways: [edge]", "");
  expect((await folder.export(sidecar, [...to, "--mesh-listeners"])).code).toBe(0);
  expect(await ports("sluice-mesh-80.yaml")).toEqual([{ number: 80 }]);
});

test("an EnvoyExtensionPolicy for a Gateway", async () => {
  const args = ["--to", "envoy-gateway", "--image", IMAGE, "--gateway", "eg"];
  const { code, err } = await folder.export(rules(), args);
  expect(code, err).toBe(0);
  const schema = JSON.parse(
    await readFile(new URL("envoy-extension-policy.schema.json", import.meta.url), "utf8"),
  );
  const validate = new Ajv({ strict: false, formats: { byte: true } }).compile(schema);
  const policy = await folder.yaml("sluice-gateway-80.yaml");
  expect(validate(policy), JSON.stringify(validate.errors)).toBe(true);
  expect(policy.spec.wasm[0].code.image).toEqual({
    url: IMAGE,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(policy.spec.targetRefs[0].sectionName).toBeUndefined();
  expect((await folder.export(rules(), [...args, "--section", "http"])).code).toBe(0);
  const one = await folder.yaml("sluice-gateway-80.yaml");
  expect(validate(one), JSON.stringify(validate.errors)).toBe(true);
  expect(one.spec.targetRefs).toEqual([
    { group: "gateway.networking.k8s.io", kind: "Gateway", name: "eg", sectionName: "http" },
  ]);
  expect(validate({ ...policy, spec: { ...policy.spec, wasm: [{ name: "a", cod: {} }] } })).toBe(false);
});

test.each([
  [["--to", "istio"], "--image"],
  [["--to", "envoy-gateway", "--image", IMAGE], "--gateway"],
  [["--to", "envoy-gateway", "--image", IMAGE, "--gateway", "eg", "--at", "gateway_81"], "gateway_80"],
  [["--to", "istio", "--image", IMAGE, "--target", "native"], "--target native"],
  [["--to", "istio", "--image", "a b"], '"a b" is not a valid image name'],
  [["--to", "istio", "--image", `a@sha256:${"0".repeat(64)}`], ", not sha256:000"],
])("%j says what is missing", async (args, says) => {
  const { code, err } = await folder.export(rules(), args);
  expect(code).toBe(2);
  expect(err).toContain(says);
});

test("in somebody else's Envoy the filter does what needs no route, and leaves the rest alone", async () => {
  const envoy = await startForeign(rules());
  try {
    const at = (url: string, headers = {}) => envoy.ask({ host: "api.example", path: url, headers });
    const seen = async (url: string, headers = {}) => JSON.parse((await at(url, headers)).body);
    expect((await at("/fault")).status).toBe(418);
    expect((await at("/slow")).elapsedMs).toBeGreaterThan(290);
    expect(await at("/gone")).toMatchObject({ status: 410, body: "gone for good" });
    expect(await at("/moved")).toMatchObject({
      status: 301,
      headers: { location: ["http://api.example/new"] },
    });
    expect((await at("/never")).status).toBe(504);
    expect((await at("/flaky")).status).toBe(200);
    expect(asked.filter((url) => url === "/flaky")).toHaveLength(3);
    const edited = await seen("/edited/x", { "x-gone": "1", "x-sluice-cluster": "forged" });
    expect(edited.url).toBe("/rewritten/x");
    expect(edited.headers).toMatchObject({ "x-set": "1", host: "written.example" });
    expect(edited.headers["x-gone"]).toBeUndefined();
    const passed = await seen("/no-rule-is-for-this?a=b");
    expect(passed.url).toBe("/no-rule-is-for-this?a=b");
    for (const { headers } of [edited, passed, await seen("/slow")]) {
      expect(Object.keys(headers).filter((name) => name.startsWith("x-sluice-"))).toEqual([]);
    }
    expect((await envoy.ask({ host: "other.example", path: "/fault" })).status).toBe(200);
  } finally {
    await envoy.stop();
  }
});

test("what takes a route of Sluice's own is left to the routes that are there", async () => {
  const envoy = await startForeign(rules(NEEDS_ROUTES));
  try {
    asked = [];
    const headers = { origin: "http://a.example" };
    const answer = await envoy.ask({ host: "api.example", path: "/routes/x", headers });
    expect(asked).toEqual(["/routes/x"]);
    const seen = Object.keys(JSON.parse(answer.body).headers);
    expect(
      [...Object.keys(answer.headers), ...seen].filter((name) =>
        /^(x-response|x-variable|access-control-.*|x-sluice-.*)$/.test(name),
      ),
    ).toEqual([]);
  } finally {
    await envoy.stop();
  }
});

/** An Envoy that somebody else configured, but for the filter with these rules. */
async function startForeign(input: string) {
  await folder.export(input, ["--to", "istio", "--image", IMAGE]);
  const { pluginConfig } = (await folder.yaml("sluice-gateway-80.yaml")).spec;
  const port = await freePort();
  const config = path.join(folder.directory, "envoy.json");
  // With the blank that Go's encoder may put in.
  await writeFile(
    config,
    JSON.stringify(foreignEnvoy(port, JSON.stringify(pluginConfig).replace(":", ": "))),
  );
  const envoy = await startEnvoy({
    binary: await findEnvoy({ log: () => {} }),
    configPath: config,
    concurrency: 1,
    directories: [folder.directory],
  });
  return { ask: (request: Parameters<typeof ask>[1]) => ask(port, request), stop: () => envoy.stop() };
}

test("a configuration without a program is refused, and says so", async () => {
  const config = path.join(folder.directory, "envoy.json");
  const binary = await findEnvoy({ log: () => {} });
  for (const text of ['{"program":"%%%"}', "{}", '{"program":"U0xVQw"}', '{"program"', "{"]) {
    await writeFile(config, JSON.stringify(foreignEnvoy(await freePort(), text)));
    const start = startEnvoy({ binary, configPath: config, concurrency: 1, directories: [folder.directory] });
    await expect(start, text).rejects.toThrow();
  }
});

/** One route to the upstream, and the filter as both policies have it: its configuration is a string of JSON. */
function foreignEnvoy(port: number, configuration: string) {
  const type = (name: string) => `type.googleapis.com/${name}`;
  const socket = (value: number) => ({ socket_address: { address: "127.0.0.1", port_value: value } });
  return {
    admin: { address: socket(0) },
    static_resources: {
      listeners: [
        {
          name: "edge",
          address: socket(port),
          filter_chains: [
            {
              filters: [
                {
                  name: "http",
                  typed_config: {
                    "@type": type(
                      "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    ),
                    stat_prefix: "edge",
                    route_config: {
                      virtual_hosts: [
                        {
                          name: "all",
                          domains: ["*"],
                          routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }],
                        },
                      ],
                    },
                    http_filters: [
                      {
                        name: "sluice",
                        typed_config: {
                          "@type": type("envoy.extensions.filters.http.wasm.v3.Wasm"),
                          config: {
                            name: "gateway_80",
                            root_id: "gateway_80",
                            configuration: {
                              "@type": type("google.protobuf.StringValue"),
                              value: configuration,
                            },
                            vm_config: {
                              runtime: "envoy.wasm.runtime.v8",
                              code: { local: { filename: filterModulePath() } },
                            },
                          },
                        },
                      },
                      {
                        name: "router",
                        typed_config: { "@type": type("envoy.extensions.filters.http.router.v3.Router") },
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "upstream",
          connect_timeout: "1s",
          load_assignment: {
            cluster_name: "upstream",
            endpoints: [
              {
                lb_endpoints: [{ endpoint: { address: socket((upstream.address() as AddressInfo).port) } }],
              },
            ],
          },
        },
      ],
    },
  };
}
