/**
 * Redirects: the `location` is the request's own URL with some parts replaced, put together as Envoy does.
 */

import { arenaAlloc } from "../host/memory";
import { readHeaders, respond } from "../host/stream";
import { ascii, equalBytes } from "../host/text";
import * as layout from "../layout";
import { program, strings } from "../program/current";

const DETAILS = ascii("direct_response");
const LOCATION = ascii("location");
const FORWARDED_PROTO = ascii("x-forwarded-proto");
const HTTP = ascii("http");
const HTTPS = ascii("https");
const COLON_SLASHES = ascii("://");

// Of the request, read anew: after a delay nothing of it is left.
let path: usize = 0;
let pathLength: i32 = 0;
let host: usize = 0;
let hostLength: i32 = 0;
let scheme: usize = 0;
let schemeLength: i32 = 0;
/** What the client spoke, as the proxies before this one tell. */
let protocol: usize = 0;
let protocolLength: i32 = 0;

/** Answers with a REDIRECT record. */
export function redirect(record: usize): void {
  readParts();
  const schemeGiven = load<i32>(record, layout.REDIRECT_SCHEME_LENGTH);
  const newScheme = schemeGiven ? strings + load<u32>(record, layout.REDIRECT_SCHEME) : scheme;
  const newSchemeLength = schemeGiven ? schemeGiven : schemeLength;
  const portLength = load<i32>(record, layout.REDIRECT_PORT_LENGTH);
  const hostGiven = load<i32>(record, layout.REDIRECT_HOST_LENGTH);
  const newHost = hostGiven ? strings + load<u32>(record, layout.REDIRECT_HOST) : host;
  const status = load<u32>(record, layout.REDIRECT_STATUS);
  const newHostLength = hostGiven
    ? hostGiven
    : status & layout.REDIRECT_KEEPS_PORT
      ? hostLength
      : keptHostLength(newScheme, newSchemeLength, portLength != 0);
  const newPath = strings + load<u32>(record, layout.REDIRECT_PATH);
  const newPathLength = load<i32>(record, layout.REDIRECT_PATH_LENGTH);
  const kept = keptPathFrom(record);
  const restLength = pathLength - kept;
  const length = newSchemeLength + 3 + newHostLength + portLength + newPathLength + restLength;

  // The location as one more line in front of the rule's own.
  const lines = load<u32>(record, layout.REDIRECT_LINES);
  const given = program + lines + layout.LINES_TEXT;
  const count: u32 = lines ? load<u32>(given) : 0;
  const sizesLength = count << 3;
  const textLength: u32 = lines ? load<u32>(program + lines, layout.LINES_LENGTH) - 4 - sizesLength : 0;
  const size = 4 + 8 + sizesLength + 9 + <u32>length + 1 + textLength;
  const made = arenaAlloc(size);
  store<u32>(made, count + 1);
  store<u32>(made, 8, 4);
  store<u32>(made, length, 8);
  let at = made + 12;
  if (count) memory.copy(at, given + 4, sizesLength);
  at = put(at + sizesLength, LOCATION, 8);
  store<u8>(at++, 0);
  at = put(at, newScheme, newSchemeLength);
  at = put(at, COLON_SLASHES, 3);
  at = put(at, newHost, newHostLength);
  at = put(at, strings + load<u32>(record, layout.REDIRECT_PORT), portLength);
  at = put(at, newPath, newPathLength);
  at = put(at, path + kept, restLength);
  store<u8>(at++, 0);
  if (count) memory.copy(at, given + 4 + sizesLength, textLength);
  respond(status & layout.REDIRECT_STATUS_MASK, DETAILS, 15, 0, 0, made, size);
}

function put(at: usize, text: usize, length: i32): usize {
  memory.copy(at, text, length);
  return at + length;
}

function readParts(): void {
  path = host = scheme = protocol = 0;
  pathLength = hostLength = schemeLength = protocolLength = 0;
  const pairs = readHeaders();
  if (!pairs) return;
  const count = load<u32>(pairs);
  let sizes = pairs + 4;
  let name = sizes + ((<usize>count) << 3);
  for (let i: u32 = 0; i < count; i++, sizes += 8) {
    const nameLength = load<i32>(sizes);
    const valueLength = load<i32>(sizes, 4);
    const value = name + nameLength + 1;
    if (load<u8>(name) == 0x3a /* : */) {
      const second = load<u8>(name, 1);
      if (second == 0x61 /* authority */) {
        host = value;
        hostLength = valueLength;
      } else if (second == 0x70 && nameLength == 5 /* path */) {
        path = value;
        pathLength = valueLength;
      } else if (second == 0x73 /* scheme */) {
        scheme = value;
        schemeLength = valueLength;
      }
    } else if (nameLength == 17 && equalBytes(name, FORWARDED_PROTO, 17)) {
      protocol = value;
      protocolLength = valueLength;
    }
    name = value + valueLength + 1;
  }
  if (!protocol) {
    protocol = scheme;
    protocolLength = schemeLength;
  }
}

/** Where the request's path goes on behind what is put in its place. */
function keptPathFrom(record: usize): i32 {
  const kind = load<u32>(record, layout.REDIRECT_PATH_KIND);
  if (kind == layout.REDIRECT_TO_KEPT) return 0;
  if (kind == layout.REDIRECT_TO_WHOLE) return pathLength;
  if (kind == layout.REDIRECT_TO_START) return min(load<i32>(record, layout.REDIRECT_MATCHED), pathLength);
  let query = 0;
  while (query < pathLength && load<u8>(path + query) != 0x3f /* ? */) query++;
  return query;
}

/**
 * The request's host goes without its port when there is a new one, and when it is the default of a scheme that is
 * left.
 */
function keptHostLength(newScheme: usize, newSchemeLength: i32, hasPort: bool): i32 {
  let colon = hostLength - 1;
  while (colon >= 0 && load<u8>(host + colon) != 0x3a /* : */) colon--;
  if (colon < 0) return hostLength;
  if (load<u8>(host) == 0x5b /* [ */ && (!colon || load<u8>(host + colon - 1) != 0x5d) /* ] */) {
    return hostLength;
  }
  if (hasPort) return colon;
  const isSame = protocolLength == newSchemeLength && equalBytes(protocol, newScheme, newSchemeLength);
  if (isSame) return hostLength;
  const portLength = hostLength - colon - 1;
  const port = host + colon + 1;
  if (protocolLength == 5 && equalBytes(protocol, HTTPS, 5)) {
    return portLength == 3 && load<u16>(port) == 0x3434 && load<u8>(port, 2) == 0x33 ? colon : hostLength;
  }
  if (protocolLength == 4 && equalBytes(protocol, HTTP, 4)) {
    return portLength == 2 && load<u16>(port) == 0x3038 ? colon : hostLength;
  }
  return hostLength;
}
