/** `diff`: two sets of rules, the second with a little change to the first. */

import { diff as diffRules, formatDiff, isDifferent, texts } from "../../../compiler/index.ts";
import { plausibleRules, twoVersions } from "../rules.ts";
import { expectPrintable, expectSound, type Subject } from "../subject.ts";

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
        async run() {
          const [old, now] = [{ "old.yaml": before }, { "new.yaml": after }];
          const result = await diffRules({ before: texts(old), after: texts(now) });
          expectSound(result.before, old);
          expectSound(result.after, now);
          const { report } = result;
          if (report === undefined) {
            return false;
          }
          expectPrintable(formatDiff(report));
          expectPrintable(formatDiff(report, { format: "markdown" }));
          JSON.stringify(report);
          const same = await diffRules({ before: texts(old), after: texts(old) });
          if (same.report === undefined || isDifferent(same.report)) {
            throw new Error("rules differ from themselves");
          }
          return true;
        },
      };
    };
  },
};
