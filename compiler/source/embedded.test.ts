import { expect, test } from "vitest";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { embeddedDocuments } from "./embedded.ts";
import { parseDocuments } from "./parse.ts";

const read = (text: string) => {
  const findings: Diagnostic[] = [];
  const sink = { report: (finding: Diagnostic) => void findings.push(finding) };
  const [outer] = parseDocuments({ path: "map.yaml", text }, sink);
  const mesh = (outer!.value as { data: { mesh: string } }).data.mesh;
  return { documents: embeddedDocuments(outer!, ["data", "mesh"], mesh, sink), findings, text };
};
const shown = ({ text }: { text: string }, { start, end }: { start: number; end: number }) =>
  text.slice(start, end);

test("a value has its place in the file around it", () => {
  const found = read(
    "kind: ConfigMap\ndata:\n  mesh: |-\n    # settings\n    connectTimeout: 3s\n\n    localityLbSetting:\n      enabled: false\n  other: x\n",
  );
  const [document] = found.documents;
  expect(document!.value).toEqual({ connectTimeout: "3s", localityLbSetting: { enabled: false } });
  expect(shown(found, document!.spanOf(["connectTimeout"]))).toBe("3s");
  expect(shown(found, document!.keySpanOf(["localityLbSetting", "enabled"]))).toBe("enabled");
});

test("what is wrong is said where it stands", () => {
  const found = read("data:\n  mesh: |\n    a: 1\n    a: 2\n");
  expect(found.findings.map(({ code }) => code)).toEqual(["SL0008"]);
  expect(found.findings[0]!.span!.start).toBe(found.text.lastIndexOf("a: 2"));
});

test("of a text that was folded or quoted, the whole is named", () => {
  const found = read('data:\n  mesh: "a: 1\\nb: 2"\n');
  expect(shown(found, found.documents[0]!.spanOf(["b"]))).toBe('"a: 1\\nb: 2"');
});
