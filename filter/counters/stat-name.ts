/**
 * Names of statistics, as `compiler/back/stat-names.ts` has them: labels in their order, each where it has a value, and what is
 * counted. Put together in one place in memory, which has room for the longest labels that a program may have.
 */

import { ascii, lengthOf } from "../host/text";
import * as layout from "../layout";
import { outcomeOf, ruleOf } from "../program/routes";

const LISTENER = ascii("listener=.=");
const RULE = ascii("rule=.=");
const MATCH = ascii("match=.=");
const CLUSTER = ascii("cluster=.=");
const KIND = ascii("kind=.=");
const FAULT = ascii("fault=.=");
const WHY = ascii("why=.=");
const LABEL_END = ascii(";.;");

const REQUESTS = ascii("sluice_requests_total");
const ANSWERS = ascii("sluice_answers_total");
const FAULTS = ascii("sluice_faults_total");
const LEFT = ascii("sluice_left_total");
const LIMITED = ascii("sluice_limited_total");
const UNMATCHED = ascii("sluice_unmatched_total");
const WEIGHT = ascii("sluice_rule_weight");

const REDIRECT = ascii("redirect");
const DIRECT = ascii("direct");
const DELAY = ascii("delay");
const ABORT = ascii("abort");
const HOST = ascii("host");
const NO_RULE = ascii("rule");

/** Four labels of a program's, and less than so much of our own. */
export const statName = memory.data(1024, 8);
let end: usize = 0;

export function statNameLength(): u32 {
  return <u32>(end - statName);
}

export function nameUnmatched(program: usize, isHost: bool): void {
  begin(program);
  label(WHY, isHost ? HOST : NO_RULE);
  put(UNMATCHED, lengthOf(UNMATCHED));
}

export function nameFault(program: usize, route: u32, isAbort: bool): void {
  beginRoute(program, route);
  label(FAULT, isAbort ? ABORT : DELAY);
  put(FAULTS, lengthOf(FAULTS));
}

/** Of requests that were limited, or whose clients left. */
export function nameUnserved(program: usize, route: u32, isLimited: bool): void {
  beginRoute(program, route);
  const counted = isLimited ? LIMITED : LEFT;
  put(counted, lengthOf(counted));
}

/** Of the requests that a route forwards to a destination, or that it answers; a guest's do not go where it says. */
export function nameDestination(program: usize, route: u32, destination: u32, isGuest: bool): void {
  beginRoute(program, route);
  const record = outcomeOf(program, route);
  const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
  const counted = kind == layout.KIND_FORWARD_ONE ? load<u32>(record, layout.FORWARD_ONE_LABEL) : 0;
  const isDirect =
    kind == layout.KIND_RESPONSE ||
    counted == layout.COUNTED_DIRECT ||
    (kind == layout.KIND_REDIRECT &&
      (load<u32>(record, layout.REDIRECT_STATUS) & layout.REDIRECT_IS_DIRECT) != 0);
  if (isDirect || kind == layout.KIND_REDIRECT || counted == layout.COUNTED_REDIRECT) {
    label(KIND, isDirect ? DIRECT : REDIRECT);
    put(ANSWERS, lengthOf(ANSWERS));
    return;
  }
  if (!isGuest) putCluster(program, record, destination);
  put(REQUESTS, lengthOf(REQUESTS));
}

/** Of the weight of a route's destination. */
export function nameWeight(program: usize, route: u32, destination: u32): void {
  beginRoute(program, route);
  putCluster(program, outcomeOf(program, route), destination);
  put(WEIGHT, lengthOf(WEIGHT));
}

function begin(program: usize): void {
  end = statName;
  const length = load<u32>(program, layout.HEADER_LISTENER_LENGTH);
  if (length) labelText(LISTENER, stringsOf(program) + load<u32>(program, layout.HEADER_LISTENER), length);
}

function beginRoute(program: usize, route: u32): void {
  begin(program);
  const rule = ruleOf(program, route);
  if (!rule) return;
  const text = stringsOf(program) + load<u32>(rule, layout.RULE_STRING);
  const own = load<u32>(rule, layout.RULE_OWN_LENGTH);
  const length = load<u32>(rule, layout.RULE_LENGTH);
  labelText(RULE, text, own);
  if (length > own) labelText(MATCH, text + own + 1, length - own - 1);
}

function putCluster(program: usize, record: usize, destination: u32): void {
  const at = clusterLabel(program, record, destination);
  const length = load<u32>(at, 4);
  if (length) labelText(CLUSTER, stringsOf(program) + load<u32>(at), length);
}

/** Whether an outcome has destinations; one that names a route of Envoy's which answers has a cluster's place, and no cluster. */
export function leadsToClusters(record: usize): bool {
  const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
  if (kind == layout.KIND_FORWARD) return true;
  if (kind != layout.KIND_FORWARD_ONE) return false;
  const counted = load<u32>(record, layout.FORWARD_ONE_LABEL);
  return counted != layout.COUNTED_REDIRECT && counted != layout.COUNTED_DIRECT;
}

/** Where a program says what a destination is counted as: an offset among its strings, and a length. */
export function clusterLabel(program: usize, record: usize, destination: u32): usize {
  const isOne = (load<u32>(record) & layout.RECORD_KIND_MASK) == layout.KIND_FORWARD_ONE;
  const share = record + layout.FORWARD_SHARES + <usize>destination * layout.SHARE_SIZE;
  const own = isOne ? load<u32>(record, layout.FORWARD_ONE_LABEL) : load<u32>(share, layout.SHARE_LABEL);
  if (own) return program + own + layout.LABEL_STRING;
  return isOne ? record + layout.FORWARD_ONE_STRING : share + layout.SHARE_STRING;
}

function stringsOf(program: usize): usize {
  return program + load<u32>(program, layout.HEADER_STRINGS);
}

function label(name: usize, value: usize): void {
  labelText(name, value, lengthOf(value));
}

function labelText(name: usize, value: usize, length: u32): void {
  put(name, lengthOf(name));
  put(value, length);
  put(LABEL_END, lengthOf(LABEL_END));
}

function put(text: usize, length: u32): void {
  memory.copy(end, text, length);
  end += length;
}
