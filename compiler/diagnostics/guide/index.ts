/** More than a title for every code: why it is said, what is wrong, and what to write instead. */

import type { DiagnosticCode } from "../codes.ts";
import { ANSWERS } from "./answers.ts";
import type { Explanation } from "./entry.ts";
import { GATEWAYS } from "./gateways.ts";
import { HEALTH_CHECKS } from "./health-checks.ts";
import { LINT } from "./lint.ts";
import { MESH_CONFIGS } from "./mesh-config.ts";
import { READING } from "./reading.ts";
import { REFERENCES } from "./references.ts";
import { RULES } from "./rules.ts";
import { SERVICES } from "./services.ts";
import { SIDECARS } from "./sidecars.ts";
import { TOKENS } from "./tokens.ts";

export type { Example, Explanation, Place } from "./entry.ts";

export const EXPLANATIONS: Readonly<Record<DiagnosticCode, Explanation>> = {
  ...READING,
  ...RULES,
  ...GATEWAYS,
  ...SERVICES,
  ...SIDECARS,
  ...HEALTH_CHECKS,
  ...MESH_CONFIGS,
  ...REFERENCES,
  ...ANSWERS,
  ...LINT,
  ...TOKENS,
};
