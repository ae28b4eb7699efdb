/**
 * What `istioctl analyze` says of real files: for each resource, the same codes of Istio from `sluice check`. More of
 * ours is fine.
 */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isMap, isSeq, parseAllDocuments } from "yaml";
import { checkSources } from "../../compiler/answers/check/check.ts";
import { istioCodes } from "../../compiler/diagnostics/codes.ts";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { wholeOf, withRecordedCorpus } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";

interface AnalyzeCase {
  readonly file: string;
  readonly messages: readonly { readonly code: string; readonly resource: string }[];
}

withRecordedCorpus("analyze.yaml", (_files, folder) => {
  describe("istioctl analyze", () => {
    const tally = new Tally("analyze.yaml");
    afterAll(() => tally.print());

    const cases = wholeOf<AnalyzeCase>("analyze.yaml");
    test.each(cases.map((one) => [one.file, one] as const))("%s", async (file, one) => {
      const found: Diagnostic[] = [];
      const sink = { report: (diagnostic: Diagnostic) => found.push(diagnostic) };
      const text = await readFile(path.join(folder, file), "utf8");
      checkSources([{ path: file, text }], DEFAULT_PROXY_OPTIONS, sink);
      const byResource = new Map<string, Set<string>>();
      for (const diagnostic of found) {
        const istio = istioCodes(diagnostic.code);
        const name = ownerOf(diagnostic);
        if (name === undefined) {
          continue;
        }
        const known = byResource.get(name) ?? new Set();
        for (const one of istio) {
          known.add(one);
        }
        byResource.set(name, known);
      }
      const missing = new Set<string>();
      for (const { code, resource } of one.messages) {
        const name = nameAsOurs(resource);
        if (byResource.get(name)?.has(code)) {
          continue;
        }
        const why = excuse(
          code,
          found.filter((diagnostic) => ownerOf(diagnostic) === name),
        );
        if (why === undefined) {
          missing.add(`${code} ${resource}`);
        } else {
          tally.left(`${file}: ${code} ${resource}`, why);
        }
      }
      expect([...missing]).toEqual([]);
      tally.held();
    });
  });
});

/** Why we do not say what Istio does. */
function excuse(code: string, ours: readonly Diagnostic[]): string | undefined {
  if (code !== "IST0106" && ours.some((one) => one.code.startsWith("SL01") && one.level === "error")) {
    return "the resource is refused by its schema, and nothing else is looked for in it before that is put right";
  }
  if (code === "IST0101" && ours.some((one) => one.code === "SL0273")) {
    return "Istio says that nobody has the labels of a Gateway when it is the servers that are missing";
  }
  return undefined;
}

function nameAsOurs(resource: string): string {
  const [kind, name = ""] = resource.split(" ");
  return `${kind} ${name.includes("/") ? name : `default/${name}`}`;
}

/** Of the resource that a place is in, which may be too wrong to be known to the compiler. */
function ownerOf({ span }: Diagnostic): string | undefined {
  if (span === undefined) {
    return undefined;
  }
  for (const document of parseAllDocuments(span.file.text)) {
    const { contents } = document;
    const list = isMap(contents) ? contents.get("items") : undefined;
    for (const node of isSeq(list) ? list.items : [contents]) {
      const [start = 0, , end = 0] = (isMap(node) && node.range) || [];
      if (!isMap(node) || span.start < start || span.start >= end) {
        continue;
      }
      const name = node.getIn(["metadata", "name"]);
      return `${node.get("kind")} ${node.getIn(["metadata", "namespace"]) ?? "default"}/${name}`;
    }
  }
  return undefined;
}
