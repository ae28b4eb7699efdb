/** What is lowered of recorded rules is sound, whatever istiod made of them; the other suites of this folder judge the details. */

import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { lowerToIr } from "../../compiler/front/istio/lower.ts";
import { checkReferences } from "../../compiler/front/istio/references/check-references.ts";
import { serviceYaml } from "../../compiler/front/istio/testing.ts";
import { loadResources } from "../../compiler/front/resources/model.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../compiler/options.ts";
import { FILES_ON_DISK } from "../../compiler/source/files-on-disk.ts";
import { withRecordedCases, withRecordedCorpus } from "../harness/recorded.ts";

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

interface Case {
  readonly resources?: readonly object[];
  readonly kubernetes?: readonly object[];
}

function lowerText(text: string, options: Partial<ProxyOptions>) {
  const diagnostics: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => diagnostics.push(diagnostic) };
  const set = loadResources([{ path: "case.yaml", text }], sink);
  const proxy = { ...DEFAULT_PROXY_OPTIONS, ...options };
  const lowered = lowerToIr(set, proxy, sink, { files: FILES_ON_DISK, now: new Date() });
  checkReferences(set, proxy, lowered, "ofEveryone", sink);
  return { config: lowered.config, diagnostics };
}

describe.each(["simulation.yaml", "datapath.yaml"])("%s", (file) => {
  withRecordedCases<Case>(file, (cases, services) => {
    test("every case", () => {
      const base = file === "simulation.yaml" ? [] : [services];
      for (const { resources = [], kubernetes = [] } of cases) {
        const documents = [...resources, ...kubernetes].map((document) => stringify(document));
        expectSound(lowerText([...base, ...documents].join("\n---\n"), { meshListeners: true }));
      }
    });
  });
});

withRecordedCorpus("the corpus", (files) => {
  test.each(files)("%s", (_file, text) => {
    expectSound(lowerText(text, { meshListeners: true }));
  });

  test("Bookinfo's plain HTTP samples are lowered as they are", () => {
    const services = ["productpage", "details", "reviews", "ratings"].map((name) => serviceYaml(name, 9080));
    const refused = files
      .filter(([file]) => file.startsWith("samples__bookinfo__networking__"))
      .filter(([, text]) =>
        lowerText(`${services.join("")}\n---\n${text}`, {}).diagnostics.some(
          ({ level }) => level === "error",
        ),
      );
    // TLS with a workload's identity.
    expect(refused.map(([file]) => file)).toEqual([
      "samples__bookinfo__networking__destination-rule-all-mtls.yaml",
    ]);
  });
});
