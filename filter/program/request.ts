/**
 * The request as rules see it: its path, its authority, and for each header, query parameter or claim that some rule
 * names, where its values are. Filled from one read of the header map; query parameters and claims only when a rule asks.
 *
 * Headers that no rule names are passed over by the length of their name.
 */

import { arenaAlloc } from "../host/memory";
import { ascii, copyLower, equalsConstant } from "../host/text";
import * as layout from "../layout";
import { readClaims } from "./claims";
import { addLine, beginLines, notedLine } from "./lines";
import { NOT_FOUND, tableFind } from "./table";

/** Whole `:path` value, and the part before its query. */
export let rawPath: usize = 0;
export let rawPathLength: i32 = 0;
export let path: usize = 0;
export let pathLength: i32 = 0;
export let authority: usize = 0;
export let authorityLength: i32 = 0;

export let scheme: usize = 0;
export let schemeLength: i32 = 0;
/** What the client spoke, as proxies before this one tell; 0 when none does. */
export let protocol: usize = 0;
export let protocolLength: i32 = 0;

/** What a body is, and how long a gRPC client waits; 0 when it does not say. */
export let contentType: usize = 0;
export let contentTypeLength: i32 = 0;
export let grpcTimeout: usize = 0;
export let grpcTimeoutLength: i32 = 0;

let attributes: usize = 0;
let queryRead: bool = false;
let claimsRead: bool = false;

const FORWARDED_PROTO = ascii("x-forwarded-proto");
const CONTENT_TYPE = ascii("content-type");
const GRPC_TIMEOUT = ascii("grpc-timeout");

/** Begins a request that is decided by `program`. */
export function beginRequest(program: usize): void {
  attributes = program + load<u32>(program, layout.HEADER_ATTRIBUTES);
  queryRead = false;
  claimsRead = false;
  beginLines();
  path = rawPath = authority = scheme = protocol = contentType = grpcTimeout = 0;
  pathLength = rawPathLength = authorityLength = 0;
}

/** Takes one header into account. */
export function takeHeader(name: usize, nameLength: i32, value: usize, valueLength: i32): void {
  if (load<u8>(name) == 0x3a /* : */) {
    if (nameLength == 5 && load<u32>(name, 1) == 0x68746170 /* path */) {
      setPath(value, valueLength);
    } else if (nameLength == 10 && load<u8>(name, 1) == 0x61 /* a */) {
      authority = value;
      authorityLength = valueLength;
    } else if (nameLength == 7 && load<u8>(name, 1) == 0x73 /* s */) {
      scheme = value;
      schemeLength = valueLength;
    }
  } else if (equalsConstant(name, nameLength, FORWARDED_PROTO)) {
    protocol = value;
    protocolLength = valueLength;
  } else if (equalsConstant(name, nameLength, CONTENT_TYPE)) {
    contentType = value;
    contentTypeLength = valueLength;
  } else if (equalsConstant(name, nameLength, GRPC_TIMEOUT)) {
    grpcTimeout = value;
    grpcTimeoutLength = valueLength;
  }
  const bit = (<u64>1) << min<u64>(nameLength, 63);
  if (!(load<u64>(attributes, layout.ATTRIBUTES_LENGTHS) & bit)) return;
  const slot = tableFind(load<u32>(attributes, layout.ATTRIBUTES_HEADERS), name, nameLength);
  if (slot != NOT_FOUND) addLine(slot, value, valueLength);
}

/**
 * Whether rules are asked at all. Without a path (only CONNECT has none), or with a client's empty `x-forwarded-proto`,
 * Envoy's own routes take no request, whatever they say.
 */
export function isRoutable(): bool {
  return rawPath != 0 && (!protocol || protocolLength);
}

function setPath(value: usize, length: i32): void {
  rawPath = value;
  rawPathLength = length;
  path = value;
  let end = 0;
  while (end < length) {
    const byte = load<u8>(value + end);
    if (byte == 0x3f /* ? */ || byte == 0x23 /* # */) break;
    end++;
  }
  pathLength = end;
}

/**
 * The first line of an attribute, 0 when the request has none. A line is to be read with `lineText`,
 * `lineLength`, `lineNext`.
 */
export function attributeLine(attribute: u32): usize {
  const line = notedLine(attribute);
  if (line) return line;
  if (attribute == layout.ATTRIBUTE_PATH) {
    addLine(attribute, path, pathLength);
  } else if (attribute == layout.ATTRIBUTE_PATH_LOWER) {
    const lower = arenaAlloc(pathLength);
    copyLower(lower, path, pathLength);
    addLine(attribute, lower, pathLength);
  } else if (attribute < load<u32>(attributes, layout.ATTRIBUTES_FIRST_QUERY)) {
    return 0;
  } else if (attribute < load<u32>(attributes, layout.ATTRIBUTES_FIRST_CLAIM)) {
    if (queryRead) return 0;
    readQuery();
  } else {
    if (claimsRead) return 0;
    claimsRead = true;
    readClaims(load<u32>(attributes, layout.ATTRIBUTES_CLAIMS));
  }
  return notedLine(attribute);
}

/** Makes sure that query parameters are among them. */
export function needQuery(): void {
  if (!queryRead) readQuery();
}

/** Notes the first occurrence of each query parameter that a rule names. */
function readQuery(): void {
  queryRead = true;
  const names = load<u32>(attributes, layout.ATTRIBUTES_QUERY);
  if (!names) return;
  const end = rawPath + rawPathLength;
  let at = rawPath;
  while (at < end && load<u8>(at) != 0x3f /* ? */) at++;
  at++;
  while (at < end) {
    const name = at;
    let equals: usize = 0;
    while (at < end) {
      const byte = load<u8>(at);
      if (byte == 0x26 /* & */) break;
      if (byte == 0x3d /* = */ && !equals) equals = at;
      at++;
    }
    const nameEnd = equals ? equals : at;
    const attribute = tableFind(names, name, <i32>(nameEnd - name));
    if (attribute != NOT_FOUND && !notedLine(attribute)) {
      const value = equals ? equals + 1 : at;
      addLine(attribute, value, <i32>(at - value));
    }
    at++;
  }
}
