/** `check` in all its formats. */

import { check as checkRules, formatDiagnostics, texts } from "../../../compiler/index.ts";
import { hostileRules } from "../rules.ts";
import { expectPrintable, expectSound, type Subject } from "../subject.ts";

export const check: Subject = {
  name: "check",
  share: 50,
  prepare({ corpus }) {
    return (dice) => {
      const text = hostileRules(dice, corpus);
      const meshListeners = dice.chance(0.2);
      return {
        input: { "rules.yaml": text },
        async run() {
          const input = { "rules.yaml": text };
          const findings = await checkRules({ source: texts(input), proxy: { meshListeners } });
          expectSound(findings, input);
          expectPrintable(formatDiagnostics(findings));
          expectPrintable(formatDiagnostics(findings, { format: "github" }));
          JSON.parse(formatDiagnostics(findings, { format: "json" }));
          JSON.parse(formatDiagnostics(findings, { format: "sarif" }));
          return !findings.hasErrors;
        },
      };
    };
  },
};
