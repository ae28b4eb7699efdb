/** istiod's verdicts on single resources. */

import { expect, test } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import type { Span } from "../../compiler/diagnostics/span.ts";
import { validate } from "../../compiler/front/istio/validate/index.ts";
import { loadResources } from "../../compiler/front/resources/model.ts";
import { withRecordedCases } from "../harness/recorded.ts";

interface Case {
  readonly name: string;
  /** Left out of the file where it is only long; then the body of a direct response is told. */
  readonly yaml?: string;
  readonly body_kind?: "string" | "bytes";
  readonly body_len?: number;
  readonly valid: boolean;
  readonly warning: boolean;
  readonly crd_valid: boolean;
}

function verdict(text: string): { readonly errors: Diagnostic[]; readonly warnings: Diagnostic[] } {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => found.push(diagnostic) };
  validate(loadResources([{ path: "case.yaml", text }], sink), sink);
  return {
    errors: found.filter(({ level }) => level === "error"),
    warnings: found.filter(({ level }) => level === "warning"),
  };
}

function yamlOf({ yaml, body_kind = "string", body_len = 0 }: Case): string {
  if (yaml !== undefined) {
    return yaml;
  }
  const content = Buffer.alloc(body_len, "a").toString(body_kind === "bytes" ? "base64" : "utf8");
  const body = { [body_kind]: content };
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "case", namespace: "default" },
    spec: { hosts: ["a.example"], http: [{ directResponse: { status: 200, body } }] },
  });
}

function lineOf(span: Span | undefined): string {
  if (span === undefined) {
    return "";
  }
  const { text } = span.file;
  const start = text.lastIndexOf("\n", span.start - 1) + 1;
  return text.slice(start, text.indexOf("\n", start));
}

/** The field that a message begins with, unless it is missing, has its name or its dash in a list on the line. */
function speaksOfItsLine({ message, span }: Diagnostic): boolean {
  const [path = ""] = /^(?:[\w.-]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])+/.exec(message) ?? [];
  if (!/^(spec|metadata)\b/.test(path)) {
    return false;
  }
  const line = lineOf(span);
  const [, quoted, item, name] = /\["((?:[^"\\]|\\.)*)"\]$|(\[\d+\])$|([\w-]+)$/.exec(path) ?? [];
  if (name !== undefined && !span?.file.text.includes(`${name}:`)) {
    return true;
  }
  return quoted !== undefined
    ? line.includes(JSON.parse(`"${quoted}"`))
    : item !== undefined
      ? /^\s*(- )+/.test(line)
      : new RegExp(`(^|[\\s{,"])${name}"?:`).test(line);
}

withRecordedCases<Case>("validation.yaml", (cases) => {
  test(`refuses what istiod or its schema refuses, in ${cases.length} cases`, () => {
    const wrong = cases
      .map((one) => ({ one, refused: verdict(yamlOf(one)).errors.length > 0 }))
      .filter(({ one, refused }) => refused !== !(one.valid && one.crd_valid))
      .map(({ one, refused }) => `${one.name}: ${refused ? "refused" : "accepted"}`);
    expect(wrong).toEqual([]);
  });

  test("points at the line of what it speaks of", () => {
    const astray = cases
      .filter((one) => one.yaml !== undefined)
      .flatMap((one) => {
        const { errors, warnings } = verdict(yamlOf(one));
        return [...errors, ...warnings]
          .filter((diagnostic) => !speaksOfItsLine(diagnostic))
          .map(({ code, message, span }) => `${one.name}: ${code} ${message}, at: ${lineOf(span)}`);
      });
    expect(astray).toEqual([]);
  });

  test("warns where istiod warns", () => {
    const valid = cases.filter((one) => one.valid && one.crd_valid);
    const wrong = valid
      .map((one) => ({ one, warned: verdict(yamlOf(one)).warnings.length > 0 }))
      .filter(({ one, warned }) => warned !== one.warning)
      .map(({ one, warned }) => `${one.name}: ${warned ? "warned" : "not warned"}`);
    expect(wrong).toEqual([]);
  });
});
