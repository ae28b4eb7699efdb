/** `diff`: two sets of rules, the second with a little change to the first. */

import picocolors from "picocolors";
import { diffConfigs } from "../../../compiler/answers/diff/diff.ts";
import { renderMarkdown } from "../../../compiler/answers/diff/render-markdown.ts";
import { renderText } from "../../../compiler/answers/diff/render-text.ts";
import { isDifferent, reportOf } from "../../../compiler/answers/diff/report.ts";
import { understand } from "../../../compiler/compile.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../compiler/options.ts";
import { plausibleRules, twoVersions } from "../rules.ts";
import { expectPrintable, Findings, type Subject } from "../subject.ts";

const PLAIN = picocolors.createColors(false);

export const diff: Subject = {
  name: "diff",
  share: 5,
  prepare({ corpus }) {
    return (dice) => {
      const [before, after] = dice.chance(0.8)
        ? twoVersions(dice, corpus)
        : [plausibleRules(dice, corpus), plausibleRules(dice, corpus)];
      return {
        input: { "old.yaml": before, "new.yaml": after },
        run() {
          const findings = new Findings();
          const [old, now] = [before, after].map(
            (text, i) =>
              understand([{ path: i === 0 ? "old.yaml" : "new.yaml", text }], DEFAULT_PROXY_OPTIONS, findings)
                .config,
          );
          if (findings.hasErrors) {
            return false;
          }
          const report = reportOf(diffConfigs(old!, now!, DEFAULT_PROXY_OPTIONS));
          expectPrintable(renderText(report, PLAIN));
          expectPrintable(renderMarkdown(report));
          JSON.stringify(report);
          if (isDifferent(reportOf(diffConfigs(old!, old!, DEFAULT_PROXY_OPTIONS)))) {
            throw new Error("rules differ from themselves");
          }
          return true;
        },
      };
    };
  },
};
