/** All lines of the table, in its order. */

import { CHANGE_ROWS } from "./change-rows.ts";
import type { Row } from "./row.ts";
import { SCOPE_ROWS } from "./scope-rows.ts";

export const ROWS: readonly Row[] = [...CHANGE_ROWS, ...SCOPE_ROWS];
