/**
 * Tells the host which rule a request took, and which faults were injected, as properties of its stream: in access logs and
 * traces `%FILTER_STATE(wasm.sluice.rule:PLAIN)%`, and so `sluice.match` and `sluice.fault`. Only where somebody asks for it.
 */

import { setProperty } from "./host/properties";
import { ascii, lengthOf } from "./host/text";
import * as layout from "./layout";
import { program, strings } from "./program/current";
import { ruleOf } from "./program/routes";

const RULE_PROPERTY = ascii(layout.RULE_PROPERTY);
const MATCH_PROPERTY = ascii(layout.MATCH_PROPERTY);
const FAULT_PROPERTY = ascii(layout.FAULT_PROPERTY);

export const DELAYED = ascii("delay");
export const ABORTED = ascii("abort");
export const DELAYED_AND_ABORTED = ascii("delay,abort");

/** Tells the rule of a route, if a rule made it. */
export function tellRule(route: u32): void {
  if (!isAsked()) return;
  const rule = ruleOf(program, route);
  if (!rule) return;
  const name = strings + load<u32>(rule, layout.RULE_STRING);
  const length = load<u32>(rule, layout.RULE_LENGTH);
  setProperty(RULE_PROPERTY, name, length);
  // Behind a dot.
  const match = load<u32>(rule, layout.RULE_OWN_LENGTH) + 1;
  if (match < length) setProperty(MATCH_PROPERTY, name + match, length - match);
}

/** Tells the faults of a request: one of the constants above. */
export function tellFault(fault: usize): void {
  if (isAsked()) setProperty(FAULT_PROPERTY, fault, lengthOf(fault));
}

function isAsked(): bool {
  return (load<u32>(program, layout.HEADER_FLAGS) & layout.FLAG_NAMES) != 0;
}
