/**
 * Redirects, and other answers with a `location`: the request's own URL with some parts replaced, put together as Envoy
 * does.
 */

import { arenaAlloc } from "../host/memory";
import { respond } from "../host/stream";
import { ascii, equalBytes, equalsConstant, lengthOf } from "../host/text";
import * as layout from "../layout";
import { program, strings } from "../program/current";
import {
  authority,
  authorityLength,
  protocol,
  protocolLength,
  rawPath,
  rawPathLength,
  scheme,
  schemeLength,
} from "../program/request";

const DETAILS = ascii("direct_response");
const LOCATION = ascii("location");
const HTTP = ascii("http");
const HTTPS = ascii("https");
const HTTP_PORT = ascii("80");
const HTTPS_PORT = ascii("443");
const COLON_SLASHES = ascii("://");

/** Answers with a REDIRECT record. */
export function redirect(record: usize): void {
  const schemeGiven = load<i32>(record, layout.REDIRECT_SCHEME_LENGTH);
  const newScheme = schemeGiven ? strings + load<u32>(record, layout.REDIRECT_SCHEME) : scheme;
  const newSchemeLength = schemeGiven ? schemeGiven : schemeLength;
  const portLength = load<i32>(record, layout.REDIRECT_PORT_LENGTH);
  const hostGiven = load<i32>(record, layout.REDIRECT_HOST_LENGTH);
  const newHost = hostGiven ? strings + load<u32>(record, layout.REDIRECT_HOST) : authority;
  const status = load<u32>(record, layout.REDIRECT_STATUS);
  const newHostLength = hostGiven
    ? hostGiven
    : status & layout.REDIRECT_KEEPS_PORT
      ? authorityLength
      : keptHostLength(newScheme, newSchemeLength, portLength != 0);
  const newPath = strings + load<u32>(record, layout.REDIRECT_PATH);
  const newPathLength = load<i32>(record, layout.REDIRECT_PATH_LENGTH);
  const kept = keptPathFrom(record);
  const restLength = rawPathLength - kept;
  const length =
    newSchemeLength + lengthOf(COLON_SLASHES) + newHostLength + portLength + newPathLength + restLength;

  // The location as one more line in front of the rule's own.
  const lines = load<u32>(record, layout.REDIRECT_LINES);
  const given = program + lines + layout.LINES_TEXT;
  const count: u32 = lines ? load<u32>(given) : 0;
  const sizesLength = count << 3;
  const textLength: u32 = lines ? load<u32>(program + lines, layout.LINES_LENGTH) - 4 - sizesLength : 0;
  const nameLength = lengthOf(LOCATION);
  const size = 4 + 8 + sizesLength + nameLength + 1 + <u32>length + 1 + textLength;
  const made = arenaAlloc(size);
  store<u32>(made, count + 1);
  store<u32>(made, nameLength, 4);
  store<u32>(made, length, 8);
  let at = made + 12;
  if (count) memory.copy(at, given + 4, sizesLength);
  at = put(at + sizesLength, LOCATION, nameLength);
  store<u8>(at++, 0);
  at = put(at, newScheme, newSchemeLength);
  at = put(at, COLON_SLASHES, lengthOf(COLON_SLASHES));
  at = put(at, newHost, newHostLength);
  at = put(at, strings + load<u32>(record, layout.REDIRECT_PORT), portLength);
  at = put(at, newPath, newPathLength);
  at = put(at, rawPath + kept, restLength);
  store<u8>(at++, 0);
  if (count) memory.copy(at, given + 4 + sizesLength, textLength);
  respond(
    status & layout.REDIRECT_STATUS_MASK,
    DETAILS,
    lengthOf(DETAILS),
    strings + load<u32>(record, layout.REDIRECT_BODY),
    load<u32>(record, layout.REDIRECT_BODY_LENGTH),
    made,
    size,
  );
}

function put(at: usize, text: usize, length: i32): usize {
  memory.copy(at, text, length);
  return at + length;
}

/** Where the request's path goes on behind what is put in its place. */
function keptPathFrom(record: usize): i32 {
  const kind = load<u32>(record, layout.REDIRECT_PATH_KIND);
  if (kind == layout.REDIRECT_TO_KEPT) return 0;
  if (kind == layout.REDIRECT_TO_WHOLE) return rawPathLength;
  if (kind == layout.REDIRECT_TO_START) return min(load<i32>(record, layout.REDIRECT_MATCHED), rawPathLength);
  let query = 0;
  while (query < rawPathLength && load<u8>(rawPath + query) != 0x3f /* ? */) query++;
  return query;
}

/**
 * The request's host goes without its port when there is a new one, and when it is the default of a scheme that is
 * left.
 */
function keptHostLength(newScheme: usize, newSchemeLength: i32, hasPort: bool): i32 {
  let colon = authorityLength - 1;
  while (colon >= 0 && load<u8>(authority + colon) != 0x3a /* : */) colon--;
  if (colon < 0) return authorityLength;
  if (load<u8>(authority) == 0x5b /* [ */ && (!colon || load<u8>(authority + colon - 1) != 0x5d) /* ] */) {
    return authorityLength;
  }
  if (hasPort) return colon;
  const spoken = protocol ? protocol : scheme;
  const spokenLength = protocol ? protocolLength : schemeLength;
  const isSame = spokenLength == newSchemeLength && equalBytes(spoken, newScheme, newSchemeLength);
  if (isSame) return authorityLength;
  const portLength = authorityLength - colon - 1;
  const port = authority + colon + 1;
  const isDefault =
    (equalsConstant(spoken, spokenLength, HTTPS) && equalsConstant(port, portLength, HTTPS_PORT)) ||
    (equalsConstant(spoken, spokenLength, HTTP) && equalsConstant(port, portLength, HTTP_PORT));
  return isDefault ? colon : authorityLength;
}
