/** What codes stand for, as data for other programs. */

import { DIAGNOSTIC_CODES, type DiagnosticCode, istioCodes, type Level, levelFor } from "../codes.ts";
import { nearest } from "../nearest.ts";
import type { Explanation } from "./entry.ts";
import { EXPLANATIONS } from "./index.ts";

/** As `sluice check --explain CODE --format json` prints it. Fields are added, never changed or removed. */
export interface CodeDescription extends Explanation {
  readonly code: DiagnosticCode;
  readonly level: Level;
  /** In `check`, for which nothing runs: the same, or milder; `unsaid`: no finding. */
  readonly levelInCheck: Level | "unsaid";
  /** The same for `explain`, `test` and `diff`. */
  readonly levelInAnswers: Level | "unsaid";
  readonly title: string;
  /** Istio's codes for the same finding. */
  readonly istio: readonly string[];
}

const CODES = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];

/** The code of that name, or those that one of Istio's codes stands for; without a name, all. None for an unknown name. */
export function describeCodes(name?: string): readonly CodeDescription[] {
  const wanted = name?.toUpperCase();
  return CODES.filter(
    (code) => wanted === undefined || code === wanted || istioCodes(code).includes(wanted),
  ).map((code) => {
    const { level, title } = DIAGNOSTIC_CODES[code];
    const levelInCheck = levelFor(code, "check");
    const levelInAnswers = levelFor(code, "answer");
    return {
      code,
      level,
      levelInCheck,
      levelInAnswers,
      title,
      istio: istioCodes(code),
      ...EXPLANATIONS[code],
    };
  });
}

/** The code that an unknown name is most like, if it is near enough to be a slip of the finger. */
export function nearestCode(name: string): string | undefined {
  return nearest(name.toUpperCase(), CODES);
}
