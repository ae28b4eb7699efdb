/** The results of a run as JUnit XML, which every CI reads: a suite for each file, a test case for each check. */

import type { CheckResult } from "./results.ts";

export function renderJunit(results: readonly CheckResult[]): string {
  const files = new Map<string, CheckResult[]>();
  for (const result of results) {
    const known = files.get(result.file);
    if (known) {
      known.push(result);
    } else {
      files.set(result.file, [result]);
    }
  }
  const suites = [...files].map(([file, checks]) =>
    [
      `  <testsuite ${attributes({ name: file, ...totals(checks) })}>`,
      ...checks.map(testCase),
      "  </testsuite>",
    ].join("\n"),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: "sluice test", ...totals(results) })}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function totals(results: readonly CheckResult[]) {
  return {
    tests: results.length,
    failures: results.filter(({ ok, errors }) => !ok && errors.length === 0).length,
    errors: results.filter(({ errors }) => errors.length > 0).length,
    time: seconds(results.reduce((sum, { ms }) => sum + ms, 0)),
  };
}

function testCase(result: CheckResult): string {
  const { file, line, ask, ms, ok, differences, errors, rule } = result;
  const head = `    <testcase ${attributes({
    classname: result.case,
    name: `${result.check}. ${ask}`,
    file,
    line,
    time: seconds(ms),
  })}`;
  if (ok) {
    return `${head}/>`;
  }
  const taken = rule?.file === undefined ? [] : [`matched by ${rule.file}:${rule.line}:${rule.column}`];
  const body = [
    ...differences.map(({ what, expected, actual }) => `${what}: expected ${expected}, got ${actual}`),
    ...errors,
    ...taken,
  ];
  const tag = errors.length > 0 ? "error" : "failure";
  return [
    `${head}>`,
    `      <${tag} ${attributes({ message: body[0] ?? "" })}>${xml(body.join("\n"))}</${tag}>`,
    "    </testcase>",
  ].join("\n");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${xml(String(value)).replaceAll("\n", "&#10;")}"`)
    .join(" ");
}

/** What XML has no way to write becomes U+FFFD. */
function xml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these XML cannot have
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
