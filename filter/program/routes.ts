/** What a program says of a route, by its place among all. */

import * as layout from "../layout";

/** Its outcome record. */
export function outcomeOf(program: usize, route: u32): usize {
  return program + load<u32>(program + load<u32>(program, layout.HEADER_ROUTES) + ((<usize>route) << 2));
}

/** What is met before an outcome: a LIMIT record, or 0. */
export function limitOf(program: usize, outcome: usize): usize {
  const before = load<u32>(outcome, layout.OUTCOME_BEFORE);
  return before && isLimit(program + before) ? program + before : 0;
}

/** The FAULT record of an outcome, or 0. */
export function faultOf(program: usize, outcome: usize): usize {
  let fault = load<u32>(outcome, layout.OUTCOME_BEFORE);
  if (fault && isLimit(program + fault)) fault = load<u32>(program + fault, layout.LIMIT_FAULT);
  return fault ? program + fault : 0;
}

function isLimit(record: usize): bool {
  return (load<u32>(record) & layout.RECORD_KIND_MASK) == layout.KIND_LIMIT;
}

/** Its RULE record, 0 where no rule made it; of a program that has names. */
export function ruleOf(program: usize, route: u32): usize {
  const rule = load<u32>(program + load<u32>(program, layout.HEADER_NAMES) + ((<usize>route) << 2));
  return rule ? program + rule : 0;
}
