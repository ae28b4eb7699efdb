/** All lines of the table, in its order. */

import { CHANGE_ROWS } from "./change-rows.ts";
import { ENDPOINT_ROWS } from "./endpoint-rows.ts";
import { PROGRAM_ROWS } from "./program-rows.ts";
import { REPORT_ROWS } from "./report-rows.ts";
import type { Row } from "./row.ts";
import { RULE_ROWS } from "./rule-rows.ts";
import { SCOPE_ROWS } from "./scope-rows.ts";

export const ROWS: readonly Row[] = [
  ...CHANGE_ROWS,
  ...RULE_ROWS,
  ...REPORT_ROWS,
  ...SCOPE_ROWS,
  ...ENDPOINT_ROWS,
  ...PROGRAM_ROWS,
];
