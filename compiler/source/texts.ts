/** Texts in memory as a source of rules: those of an editor, of a test, of another program. */

import type { SourceFile } from "../diagnostics/span.ts";
import type { RuleSource } from "./rule-source.ts";

/** Rules in memory, by the names that findings call them: `texts({ "rules.yaml": "apiVersion: …" })`. They never change. */
export function texts(byName: Readonly<Record<string, string>>): RuleSource {
  const all = Object.entries(byName).map(([path, text]): SourceFile => ({ path, text }));
  return {
    read: async () => all,
    watch: async () => ({ close: async () => {} }),
  };
}
