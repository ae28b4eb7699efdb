import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Config } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { loadResources } from "../resources/model.ts";
import { lowerToIr } from "./lower.ts";
import { checkReferences } from "./references/check-references.ts";
import { lower, serviceYaml, virtualServiceYaml } from "./testing.ts";

test("equal input gives an equal result, in whatever order it comes", () => {
  const parts = [
    ...serviceYaml("a", 80, ["v1", "v2", "v3"])
      .split(/^---$/m)
      .slice(1)
      .map((document) => `---${document}`),
    serviceYaml("bb", 81),
    virtualServiceYaml("one", "a", "  - route: [{ destination: { host: a } }]"),
    virtualServiceYaml("two", "bb, x.example", "  - route: [{ destination: { host: bb } }]"),
  ];
  const print = (config: Config) =>
    JSON.stringify(config, (key, value) => (key === "span" ? undefined : value));
  const forwards = lower(parts.join(""), { meshListeners: true }).config;
  const backwards = lower([...parts].reverse().join(""), { meshListeners: true }).config;
  expect(print(backwards)).toBe(print(forwards));
});

test("two listeners on one port", () => {
  const lowered = lower(serviceYaml("a", 9901), { meshListeners: true, portMap: new Map([[9901, 15001]]) });
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0410", level: "error" }]);
  expect(lower(serviceYaml("a", 9901), { meshListeners: true }).findings).toEqual(["SL0410"]);
  expect(lower(serviceYaml("a", 9901), { meshListeners: true, listenAddress: "10.0.0.1" }).findings).toEqual(
    [],
  );
});

const CASES = fileURLToPath(new URL("../../../../shared/cases", import.meta.url));

/** Facts recorded with istiod stand beside the project where it is built; a user's clone does not have them. */
describe.skipIf(!existsSync(CASES))("the shared cases, which are beside this checkout", () => {
  function lowerText(path: string, text: string, options: Partial<ProxyOptions>) {
    const diagnostics: Diagnostic[] = [];
    const sink = { report: (diagnostic: Diagnostic) => diagnostics.push(diagnostic) };
    const set = loadResources([{ path, text }], sink);
    const proxy = { ...DEFAULT_PROXY_OPTIONS, ...options };
    const lowered = lowerToIr(set, proxy, sink);
    checkReferences(set, proxy, lowered, "ofEveryone", sink);
    return { config: lowered.config, diagnostics };
  }

  function expectSound({ config, diagnostics }: ReturnType<typeof lowerText>) {
    for (const { routes } of config.listeners) {
      const domains = routes.virtualHosts.flatMap((virtualHost) => virtualHost.domains);
      expect(new Set(domains).size).toBe(domains.length);
      for (const { action } of routes.virtualHosts.flatMap((virtualHost) => virtualHost.routes)) {
        expect(action.kind !== "forward" || action.destinations.length > 0).toBe(true);
      }
    }
    for (const { span } of diagnostics) {
      expect(span === undefined || (0 <= span.start && span.start <= span.file.text.length)).toBe(true);
    }
  }

  const corpus = `${CASES}/corpus`;
  test.each(existsSync(corpus) ? readdirSync(corpus) : [])("%s", (file) => {
    expectSound(lowerText(file, readFileSync(`${corpus}/${file}`, "utf8"), { meshListeners: true }));
  });

  interface Case {
    readonly id?: string;
    readonly test?: string;
    readonly resources?: readonly (string | object)[];
    readonly kubernetes?: readonly (string | object)[];
  }
  const cases = (file: string): readonly Case[] => parse(readFileSync(`${CASES}/${file}`, "utf8"));

  test.each(["simulation.yaml", "datapath.yaml"])("every case of %s", (file) => {
    const base = file === "simulation.yaml" ? "" : readFileSync(`${CASES}/base.yaml`, "utf8");
    for (const { id, test: name, resources = [], kubernetes = [] } of cases(file)) {
      const documents = [...resources, ...kubernetes].map((document) =>
        typeof document === "string" ? document : stringify(document),
      );
      expectSound(
        lowerText(id ?? name ?? file, [base, ...documents].join("\n---\n"), { meshListeners: true }),
      );
    }
  });

  test("Bookinfo's plain HTTP samples are lowered as they are", () => {
    const services = ["productpage", "details", "reviews", "ratings"]
      .map((name) => serviceYaml(name, 9080))
      .join("");
    const refused = readdirSync(corpus)
      .filter((file) => file.startsWith("samples__bookinfo__networking__"))
      .filter((file) =>
        lowerText(
          file,
          `${services}\n---\n${readFileSync(`${corpus}/${file}`, "utf8")}`,
          {},
        ).diagnostics.some(({ level }) => level === "error"),
      );
    // TLS with a workload's identity.
    expect(refused).toEqual(["samples__bookinfo__networking__destination-rule-all-mtls.yaml"]);
  });
});
