/** `check` in all its formats. */

import picocolors from "picocolors";
import { hintAtCheaperTarget } from "../../../compiler/answers/check/cheaper-target.ts";
import { checkSources } from "../../../compiler/answers/check/check.ts";
import { Report } from "../../../compiler/diagnostics/render/report.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../compiler/options.ts";
import { hostileRules } from "../rules.ts";
import { expectPrintable, Findings, type Subject } from "../subject.ts";

const PLAIN = picocolors.createColors(false);

export const check: Subject = {
  name: "check",
  share: 50,
  prepare({ corpus }) {
    return (dice) => {
      const text = hostileRules(dice, corpus);
      const meshListeners = dice.chance(0.2);
      return {
        input: { "rules.yaml": text },
        run() {
          const file = { path: "rules.yaml", text };
          const findings = new Findings();
          const { config } = checkSources([file], { ...DEFAULT_PROXY_OPTIONS, meshListeners }, findings);
          const report = new Report(false);
          for (const finding of findings.all) {
            report.report(finding);
          }
          report.reportUselessIgnores([file]);
          if (report.isClean) {
            hintAtCheaperTarget(config, "wasm", report);
          }
          expectPrintable(report.renderText(PLAIN));
          expectPrintable(report.renderGithub());
          JSON.parse(report.renderJson());
          JSON.parse(report.renderSarif("0"));
          return !findings.hasErrors;
        },
      };
    };
  },
};
