import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS } from "../options.ts";
import { UsageError } from "./exit.ts";
import { readCommonOptions, readProxyOptions } from "./proxy-options.ts";

const DEFAULTS = { listenAddress: "127.0.0.1" };

describe("readProxyOptions", () => {
  test("nothing said", () => {
    expect(readProxyOptions({}, DEFAULTS)).toEqual({ ...DEFAULT_PROXY_OPTIONS, listenAddress: "127.0.0.1" });
  });

  test("everything said", () => {
    expect(
      readProxyOptions(
        {
          target: "native",
          listenAddress: "::1",
          dns: "[::1]:53",
          portMap: ["80=8080", "443=8443,9000=9001"],
          meshPort: "0",
          meshListeners: true,
          adminPort: "9902",
          adminSocket: "/run/sluice/../admin.sock",
          readyPort: "15021",
          metricsPort: "15090",
          accessLog: "/dev/stdout",
          accessLogFormat: "%REQ(:path)% %RULE%",
          accessLogSample: "0.5%",
          traceTo: "grpc://otel:4317",
          traceSampling: "100",
          traceService: "edge",
          proxyLabels: "app=shop, empty=",
          proxyNamespace: "istio-system",
          proxyLocality: "eu/eu-1",
          clusterId: "east",
          network: "network-1",
          domainSuffix: "example.org",
          concurrency: "2",
          memoryLimit: "512MiB",
          maxConnections: "1000",
          pathNormalization: "MERGE_SLASHES",
          outboundPolicy: "REGISTRY_ONLY",
          ruleCounters: "on",
          secretsDirectory: "/etc/sluice/../secrets",
          identityDirectory: "/etc/certs",
          allowUnenforced: true,
          tap: true,
        },
        DEFAULTS,
      ),
    ).toEqual({
      target: "native",
      listenAddress: "::1",
      dns: "[::1]:53",
      portMap: new Map([
        [80, 8080],
        [443, 8443],
        [9000, 9001],
      ]),
      meshPort: 0,
      meshListeners: true,
      adminPort: 9902,
      adminSocket: "/run/admin.sock",
      readyPort: 15021,
      metricsPort: 15090,
      accessLog: "-",
      accessLogFormat: "%REQ(:path)% %RULE%",
      accessLogSample: 0.5,
      traceTo: "grpc://otel:4317",
      traceSampling: 100,
      traceService: "edge",
      proxyLabels: { app: "shop", empty: "" },
      proxyNamespace: "istio-system",
      proxyLocality: "eu/eu-1",
      clusterId: "east",
      network: "network-1",
      domainSuffix: "example.org",
      concurrency: 2,
      memoryLimit: 512 * 1024 ** 2,
      maxConnections: 1000,
      pathNormalization: "MERGE_SLASHES",
      outboundPolicy: "REGISTRY_ONLY",
      allowUnenforced: true,
      tap: true,
      ruleCounters: "on",
      secretsDirectory: "/etc/secrets",
      identityDirectory: "/etc/certs",
    });
  });

  test("labels may be named as something that every object has", () => {
    const { proxyLabels } = readProxyOptions({ proxyLabels: "__proto__=a,constructor=b" }, DEFAULTS);
    expect(Object.entries(proxyLabels)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  test.each([
    [{ target: "lua" }, "--target"],
    [{ listenAddress: "localhost" }, "--listen-address"],
    [{ portMap: ["80"] }, "--port-map"],
    [{ portMap: ["80=0"] }, "--port-map"],
    [{ portMap: ["80=70000"] }, "--port-map"],
    [{ portMap: ["80=8080", "80=8081"] }, "--port-map"],
    [{ portMap: ["gateway:80=8080", "gateway:80=8081"] }, "--port-map"],
    [{ portMap: ["sidecar:80=8080"] }, "--port-map"],
    [{ portMap: ["mesh:80=mesh:8080"] }, "--port-map"],
    [{ dns: "localhost:53" }, "--dns"],
    [{ dns: "127.0.0.1" }, "--dns"],
    [{ dns: "127.0.0.1:0" }, "--dns"],
    [{ dns: "::1:53" }, "--dns"],
    [{ meshPort: "-1" }, "--mesh-port"],
    [{ meshPort: "1e3" }, "--mesh-port"],
    [{ adminPort: "65536" }, "--admin-port"],
    [{ adminSocket: `/${"a".repeat(107)}` }, "--admin-socket"],
    [{ accessLogFormat: "%NO_SUCH%" }, "--access-log-format"],
    [{ accessLogSample: "101%" }, "--access-log-sample"],
    [{ accessLogSample: "-1" }, "--access-log-sample"],
    [{ traceTo: "otel:4318" }, "--trace-to"],
    [{ traceSampling: "half" }, "--trace-sampling"],
    [{ proxyLabels: "=x" }, "--proxy-labels"],
    [{ proxyNamespace: "My Team" }, "--proxy-namespace"],
    [{ proxyLocality: "eu//a" }, "--proxy-locality"],
    [{ proxyLocality: "eu/a/b/c" }, "--proxy-locality"],
    [{ domainSuffix: ".local" }, "--domain-suffix"],
    [{ concurrency: "many" }, "--concurrency"],
    [{ pathNormalization: "ALL" }, "--path-normalization"],
  ])("%j is a wrong call", (given, flag) => {
    expect(() => readProxyOptions(given, DEFAULTS)).toThrow(UsageError);
    expect(() => readProxyOptions(given, DEFAULTS)).toThrow(flag);
  });
});

describe("with a configuration file", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "sluice-config-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const write = async (text: string) => {
    const file = path.join(folder, "sluice.yaml");
    await writeFile(file, text);
    return file;
  };

  test("its values hold, its paths start at its folder, and flags win", async () => {
    const config = await write(
      [
        "paths: [rules, '-']",
        "out: build",
        "strict: true",
        "portMap: { 80: 8080, mesh:80: 18080 }",
        "proxyLabels: { istio: edge, app: x }",
        "adminPort: 9000",
        "meshPort: 15002",
      ].join("\n"),
    );
    const options = await readCommonOptions([], { config, meshPort: "15003" }, DEFAULTS);
    expect(options).toMatchObject({
      paths: [path.join(folder, "rules"), "-"],
      out: path.join(folder, "build"),
      strict: true,
      proxy: {
        portMap: new Map<number | string, number>([
          [80, 8080],
          ["mesh:80", 18080],
        ]),
        proxyLabels: { istio: "edge", app: "x" },
        adminPort: 9000,
        meshPort: 15003,
      },
    });
  });

  test("patterns of what is left out are taken as they are, from the file or the call", async () => {
    const config = await write("exclude: [charts, 'values*.yaml']\n");
    expect((await readCommonOptions(["x"], { config })).exclude).toEqual(["charts", "values*.yaml"]);
    expect((await readCommonOptions(["x"], { config, exclude: ["a"] })).exclude).toEqual(["a"]);
    expect((await readCommonOptions(["x"], {})).exclude).toEqual([]);
  });

  test("paths of the call replace those of the file", async () => {
    const config = await write("paths: [rules]");
    expect((await readCommonOptions(["other"], { config }, DEFAULTS)).paths).toEqual(["other"]);
  });

  test("an empty one says nothing", async () => {
    const config = await write("# nothing\n");
    expect((await readCommonOptions(["a"], { config }, DEFAULTS)).proxy.meshPort).toBe(15001);
  });

  test.each([
    ["meshPort: 1\nadminport: 2\n", ":2:1: ", "adminPort"],
    ["meshPort: [1]\n", ":1:11: ", "meshPort"],
    ["strict: sometimes\n", ":1:9: ", "strict"],
    ["paths: { a: b }\n", ":1:8: ", "paths"],
    ["meshPort: 1\nmeshPort: 2\n", ":2:1: ", "duplicate key"],
    ["a: [\n", ":2:1: ", ""],
    ["- a\n", ":1:1: ", ""],
    ["meshPort:\n", ":1:10: ", "meshPort"],
  ])("%j is a wrong call, said with its place", async (text, place, word) => {
    const config = await write(text);
    const error = await readCommonOptions(["a"], { config }, DEFAULTS).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error?.message).toContain(`sluice.yaml${place}`);
    expect(error?.message).toContain(word);
  });

  test("a missing one is a wrong call", async () => {
    const missing = path.join(folder, "none.yaml");
    await expect(readCommonOptions(["a"], { config: missing }, DEFAULTS)).rejects.toThrow(UsageError);
  });

  test("without input the call is wrong", async () => {
    const config = await write("meshPort: 1");
    await expect(readCommonOptions([], { config }, DEFAULTS)).rejects.toThrow(UsageError);
  });
});
