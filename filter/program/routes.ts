/** What a program says of a route, by its place among all. */

import * as layout from "../layout";

/** Its outcome record. */
export function outcomeOf(program: usize, route: u32): usize {
  return program + load<u32>(program + load<u32>(program, layout.HEADER_ROUTES) + ((<usize>route) << 2));
}

/** Its RULE record, 0 where no rule made it; of a program that has names. */
export function ruleOf(program: usize, route: u32): usize {
  const rule = load<u32>(program + load<u32>(program, layout.HEADER_NAMES) + ((<usize>route) << 2));
  return rule ? program + rule : 0;
}
