/**
 * One request, in this order and with nothing else: host → route → limit → split → fault → action → headers for Envoy.
 */

import { applyEdits } from "./actions/edits";
import { redirect } from "./actions/redirect";
import { stickyShare } from "./actions/sticky";
import { writeTimeout } from "./actions/timeout";
import { isGuestRoot, rootProgram } from "./contexts/roots";
import {
  ABORT_SLOT,
  BEFORE_SLOTS,
  countOfRoute,
  countUnmatched,
  DELAY_SLOT,
  HOST_SLOT,
  LIMITED_SLOT,
  RULE_SLOT,
} from "./counters/counters";
import { wait } from "./delays";
import { isForged, isOurs } from "./forged";
import { chance, random } from "./host/random";
import {
  addHeader,
  CONTINUE,
  readHeaders,
  removeHeader,
  respond,
  respondGrpc,
  STOP_ALL_AND_WATERMARK,
  STOP_ITERATION,
} from "./host/stream";
import { ascii, lengthOf } from "./host/text";
import * as layout from "./layout";
import { takeToken } from "./limits";
import { program, strings, useProgram } from "./program/current";
import { findHost, isHostKnown } from "./program/host-name";
import { findRoute } from "./program/match";
import { authority, authorityLength, beginRequest, isRoutable, takeHeader } from "./program/request";
import { faultOf, limitOf, outcomeOf } from "./program/routes";
import { ABORTED, DELAYED, DELAYED_AND_ABORTED, tellFault, tellRule } from "./rule-names";

const CLUSTER_HEADER = ascii(layout.CLUSTER_HEADER);
const CLASS_HEADER = ascii(layout.CLASS_HEADER);
const LIMITED = ascii("local_rate_limited");
const LIMITED_STATUS: u32 = 429;
/** RESOURCE_EXHAUSTED. */
const LIMITED_GRPC_STATUS: u32 = 8;
const FAULT_BODY = ascii("fault filter abort");
const FAULT_DETAILS = ascii("fault_filter_abort");
const NO_ROUTE_DETAILS = ascii("route_not_found");
const RESPONSE_DETAILS = ascii("direct_response");

/** The route that the last request took, by its place among the program's; ROUTE_NONE for none. */
export let decidedRoute: u32 = layout.ROUTE_NONE;
/** The destination that it got, by its place in a split; DESTINATION_NONE where there was nothing to draw. */
export let decidedDestination: u32 = layout.DESTINATION_NONE;

/** Whether others write the routes: then nothing is named to them. */
let isGuest: bool = false;

/** Decides the request of the effective context; the answer is that of the header callback. */
export function decide(stream: u32, root: usize): u32 {
  const blob = rootProgram(root);
  useProgram(blob);
  isGuest = isGuestRoot(root);
  readRequest(blob);
  const isAsked = isRoutable();
  const route = isAsked
    ? findRoute(findHost(authority, authorityLength), layout.ROUTE_NONE)
    : layout.ROUTE_NONE;
  decidedRoute = route;
  if (route == layout.ROUTE_NONE) {
    decidedDestination = layout.DESTINATION_NONE;
    countUnmatched(root, isAsked && !isHostKnown ? HOST_SLOT : RULE_SLOT);
    if (isGuest) return CONTINUE;
    respond(404, NO_ROUTE_DETAILS, lengthOf(NO_ROUTE_DETAILS), 0, 0);
    return STOP_ITERATION;
  }
  tellRule(route);
  const record = outcomeOf(program, route);
  const limit = limitOf(program, record);
  if (limit && !takeToken(limit)) {
    countOfRoute(root, route, LIMITED_SLOT);
    refuse(limit, record);
    return STOP_ITERATION;
  }
  const fault = faultOf(program, record);
  if (fault) {
    const delay = load<u32>(fault, layout.FAULT_DELAY_PPM);
    if (delay && chance(delay)) {
      const share = pickShare(record);
      const drawn = share ? <u32>(share - record) : 0;
      if (wait(stream, root, route, drawn, load<u32>(fault, layout.FAULT_DELAY_MS))) {
        countOfRoute(root, route, DELAY_SLOT);
        tellFault(DELAYED);
        // The headers are written now: nothing but the abort is left to decide afterwards.
        forward(record, share);
        return STOP_ALL_AND_WATERMARK;
      }
    }
    if (aborts(fault)) {
      countOfRoute(root, route, ABORT_SLOT);
      tellFault(ABORTED);
      abort(fault, pickShare(record), false);
      return STOP_ITERATION;
    }
  }
  const share = pickShare(record);
  countDestination(root, route, record, share);
  if (answer(record)) return STOP_ITERATION;
  forward(record, share);
  return CONTINUE;
}

/** What follows a delay. True when the request may go on, false when it was answered. */
export function decideAfterDelay(root: usize, route: u32, drawn: u32): bool {
  useProgram(rootProgram(root));
  isGuest = isGuestRoot(root);
  const record = outcomeOf(program, route);
  const fault = faultOf(program, record);
  const share = drawn ? record + drawn : 0;
  if (aborts(fault)) {
    countOfRoute(root, route, ABORT_SLOT);
    tellFault(DELAYED_AND_ABORTED);
    abort(fault, share, true);
    return false;
  }
  countDestination(root, route, record, share);
  // A redirect is made from the request, of which nothing is left.
  if ((load<u32>(record) & layout.RECORD_KIND_MASK) == layout.KIND_REDIRECT) readRequest(program);
  return !answer(record);
}

/** Counts where a request goes: to a destination, which is a share of a split or alone, or back with an answer. */
function countDestination(root: usize, route: u32, record: usize, share: usize): void {
  const before: u32 = load<u32>(record, layout.OUTCOME_BEFORE) ? BEFORE_SLOTS : 0;
  const index: u32 = share ? <u32>(share - record - layout.FORWARD_SHARES) / layout.SHARE_SIZE : 0;
  countOfRoute(root, route, before + index);
}

function readRequest(blob: usize): void {
  beginRequest(blob);
  const pairs = readHeaders();
  if (!pairs) return;
  const count = load<u32>(pairs);
  let sizes = pairs + 4;
  let text = sizes + ((<usize>count) << 3);
  for (let i: u32 = 0; i < count; i++, sizes += 8) {
    const nameLength = load<i32>(sizes);
    const valueLength = load<i32>(sizes, 4);
    const value = text + nameLength + 1;
    // A forged header is neither passed on nor believed: no rule sees it.
    if (load<u16>(text) == 0x2d78 /* x- */ && isForged(text, nameLength)) removeHeader(text, nameLength);
    else takeHeader(text, nameLength, value, valueLength);
    text = value + valueLength + 1;
  }
}

/** Rolls for an abort. */
function aborts(fault: usize): bool {
  return (
    load<u32>(fault, layout.FAULT_ABORT_KIND) != layout.ABORT_NONE &&
    chance(load<u32>(fault, layout.FAULT_ABORT_PPM))
  );
}

/** Answers in place of the destination that was drawn. */
function abort(fault: usize, share: usize, delayed: bool): void {
  const kind = load<u32>(fault, layout.FAULT_ABORT_KIND);
  const status = load<u32>(fault, layout.FAULT_ABORT_STATUS);
  let lines = load<u32>(fault, layout.FAULT_ABORT_LINES);
  if (share) {
    const own = load<u32>(share, layout.SHARE_LINES);
    if (own) lines = own;
  }
  // Before it waited, the request was given its class; the headers of that would come a second time.
  if (delayed && lines) removeHeader(CLASS_HEADER, lengthOf(CLASS_HEADER));
  const text = linesText(lines);
  const length = linesLength(lines);
  const details = lengthOf(FAULT_DETAILS);
  const body = lengthOf(FAULT_BODY);
  if (kind == layout.ABORT_GRPC) {
    respondGrpc(200, status, FAULT_DETAILS, details, FAULT_BODY, body, text, length);
  } else {
    respond(status, FAULT_DETAILS, details, FAULT_BODY, body, text, length);
  }
}

/** Answers a request that found no token, as the destination that it would have gone to would have answered. */
function refuse(limit: usize, record: usize): void {
  const end = limit + ((<usize>(load<u32>(limit) >> layout.RECORD_SIZE_SHIFT)) << 2);
  let at = limit + layout.LIMIT_LINES;
  if (end - at > 4) at += ((pickShare(record) - record - layout.FORWARD_SHARES) / layout.SHARE_SIZE) << 2;
  else decidedDestination = layout.DESTINATION_NONE;
  const lines = load<u32>(at);
  const length = lengthOf(LIMITED);
  respondGrpc(
    LIMITED_STATUS,
    LIMITED_GRPC_STATUS,
    LIMITED,
    length,
    LIMITED,
    length,
    linesText(lines),
    linesLength(lines),
  );
}

/** Of a LINES record or 0, as `respond` wants them. */
function linesText(lines: u32): usize {
  return lines ? program + lines + layout.LINES_TEXT : 0;
}

function linesLength(lines: u32): usize {
  return lines ? <usize>load<u32>(program + lines, layout.LINES_LENGTH) : 0;
}

/** Answers when the outcome is an answer. */
function answer(record: usize): bool {
  const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
  if (kind == layout.KIND_REDIRECT) {
    redirect(record);
    return true;
  }
  if (kind != layout.KIND_RESPONSE) return false;
  respond(
    load<u32>(record, layout.RESPONSE_STATUS),
    RESPONSE_DETAILS,
    lengthOf(RESPONSE_DETAILS),
    strings + load<u32>(record, layout.RESPONSE_BODY),
    load<u32>(record, layout.RESPONSE_BODY_LENGTH),
    linesText(load<u32>(record, layout.RESPONSE_LINES)),
    linesLength(load<u32>(record, layout.RESPONSE_LINES)),
  );
  return true;
}

/** Writes the cluster and what goes with it, and makes the rule's changes. */
function forward(record: usize, share: usize): void {
  const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
  if (kind == layout.KIND_RESPONSE || kind == layout.KIND_REDIRECT) return;
  const headers = load<u32>(record, layout.FORWARD_HEADERS);
  if (headers) writeHeaders(program + headers);
  const timeout = load<u64>(record, layout.FORWARD_TIMEOUT);
  if (timeout) writeTimeout(timeout);
  const edits = load<u32>(record, layout.FORWARD_EDITS);
  if (kind == layout.KIND_FORWARD_ONE) {
    if (edits) applyEdits(program + edits);
    nameCluster(
      strings + load<u32>(record, layout.FORWARD_ONE_STRING),
      load<u32>(record, layout.FORWARD_ONE_LENGTH),
    );
    return;
  }
  const own = load<u32>(share, layout.SHARE_HEADERS);
  if (own) writeHeaders(program + own);
  const ownEdits = load<u32>(share, layout.SHARE_EDITS);
  if (ownEdits) applyEdits(program + ownEdits);
  if (edits) applyEdits(program + edits);
  nameCluster(strings + load<u32>(share, layout.SHARE_STRING), load<u32>(share, layout.SHARE_LENGTH));
}

function nameCluster(name: usize, length: u32): void {
  if (!isGuest) addHeader(CLUSTER_HEADER, lengthOf(CLUSTER_HEADER), name, length);
}

/** The share of a split that the request gets, 0 for every other outcome: the user's, or one drawn from the total. */
function pickShare(record: usize): usize {
  const head = load<u32>(record);
  if ((head & layout.RECORD_KIND_MASK) != layout.KIND_FORWARD) {
    decidedDestination = layout.DESTINATION_NONE;
    return 0;
  }
  const first = record + layout.FORWARD_SHARES;
  const sticky = load<u32>(record, layout.FORWARD_STICKY);
  if (sticky) {
    const share = stickyShare(
      program + sticky,
      first,
      record + ((<usize>(head >> layout.RECORD_SIZE_SHIFT)) << 2),
    );
    if (share) {
      decidedDestination = <u32>(share - first) / layout.SHARE_SIZE;
      return share;
    }
  }
  const drawn = random() % load<u64>(record, layout.FORWARD_TOTAL);
  let low: u32 = 0;
  let high: u32 = (((head >> layout.RECORD_SIZE_SHIFT) << 2) - layout.FORWARD_SHARES) / layout.SHARE_SIZE - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (drawn < load<u64>(first + <usize>middle * layout.SHARE_SIZE, layout.SHARE_CUMULATIVE)) high = middle;
    else low = middle + 1;
  }
  decidedDestination = low;
  return first + <usize>low * layout.SHARE_SIZE;
}

function writeHeaders(record: usize): void {
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let entry = record + layout.HEADERS_ENTRIES; entry < end; entry += layout.HEADERS_ENTRY_SIZE) {
    if (isGuest && isOurs(strings + load<u32>(entry), load<u32>(entry, 4))) continue;
    addHeader(
      strings + load<u32>(entry),
      load<u32>(entry, 4),
      strings + load<u32>(entry, 8),
      load<u32>(entry, 12),
    );
  }
}
