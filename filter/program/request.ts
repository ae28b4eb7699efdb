/**
 * The request as rules see it: its path, its authority, and for each header or query parameter that some rule
 * names, where its values are. Filled from one read of the header map; query parameters only when a rule asks.
 *
 * Headers that no rule names are passed over by the length of their name. Slots are stamped with the number of
 * the request instead of being cleared, so that a program with ten thousand header names costs nothing here.
 */

import { arenaAlloc, heapAlloc, heapFree } from "../host/memory";
import { ascii, copyLower, equalsConstant } from "../host/text";
import * as layout from "../layout";
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

const FORWARDED_PROTO = ascii("x-forwarded-proto");
const CONTENT_TYPE = ascii("content-type");
const GRPC_TIMEOUT = ascii("grpc-timeout");

// One slot for each attribute: (stamp, first line). Shared by all programs of a VM, as large as the largest needs.
let slots: usize = 0;
let slotCount: u32 = 0;
let stamp: u32 = 0;
const SLOT_SIZE: usize = 8;

/** Which attributes this request has; the two for the path are not among them. */
let presentList: usize = 0;
export let presentCount: u32 = 0;

// Values, in the arena: (address, length, next line of the same attribute or 0).
const LINE_SIZE: usize = 12;

/** Makes room for the attributes of a program; called when one is configured. */
export function reserveSlots(count: u32): bool {
  if (count <= slotCount) return true;
  const grown = heapAlloc(<usize>count * SLOT_SIZE);
  if (!grown) return false;
  const list = heapAlloc((<usize>count) << 2);
  if (!list) {
    heapFree(grown);
    return false;
  }
  memory.fill(grown, 0, <usize>count * SLOT_SIZE);
  heapFree(slots);
  heapFree(presentList);
  slots = grown;
  presentList = list;
  slotCount = count;
  return true;
}

/** Begins a request that is decided by `program`. */
export function beginRequest(program: usize): void {
  attributes = program + load<u32>(program, layout.HEADER_ATTRIBUTES);
  queryRead = false;
  presentCount = 0;
  path = rawPath = authority = scheme = protocol = contentType = grpcTimeout = 0;
  pathLength = rawPathLength = authorityLength = 0;
  if (++stamp == 0) {
    memory.fill(slots, 0, <usize>slotCount * SLOT_SIZE);
    stamp = 1;
  }
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

function addLine(attribute: u32, value: usize, length: i32): void {
  const line = arenaAlloc(LINE_SIZE);
  store<u32>(line, <u32>value);
  store<u32>(line, length, 4);
  const slot = slots + <usize>attribute * SLOT_SIZE;
  if (load<u32>(slot) == stamp) {
    // Lines after the first are few; their order does not matter.
    const first = <usize>load<u32>(slot, 4);
    store<u32>(line, load<u32>(first, 8), 8);
    store<u32>(first, <u32>line, 8);
  } else {
    store<u32>(line, 0, 8);
    store<u32>(slot, stamp);
    store<u32>(slot, <u32>line, 4);
    if (attribute >= layout.ATTRIBUTE_FIRST_NAMED) {
      store<u32>(presentList + ((<usize>presentCount) << 2), attribute);
      presentCount++;
    }
  }
}

/**
 * The first line of an attribute, 0 when the request has none. A line is to be read with `lineText`,
 * `lineLength`, `lineNext`.
 */
export function attributeLine(attribute: u32): usize {
  const slot = slots + <usize>attribute * SLOT_SIZE;
  if (load<u32>(slot) == stamp) return <usize>load<u32>(slot, 4);
  if (attribute == layout.ATTRIBUTE_PATH) {
    addLine(attribute, path, pathLength);
  } else if (attribute == layout.ATTRIBUTE_PATH_LOWER) {
    const lower = arenaAlloc(pathLength);
    copyLower(lower, path, pathLength);
    addLine(attribute, lower, pathLength);
  } else if (!queryRead && attribute >= load<u32>(attributes, layout.ATTRIBUTES_FIRST_QUERY)) {
    readQuery();
  } else {
    return 0;
  }
  return load<u32>(slot) == stamp ? <usize>load<u32>(slot, 4) : 0;
}

export function lineText(line: usize): usize {
  return <usize>load<u32>(line);
}

export function lineLength(line: usize): i32 {
  return load<i32>(line, 4);
}

export function lineNext(line: usize): usize {
  return <usize>load<u32>(line, 8);
}

/** One of the attributes that the request has. */
export function presentAttribute(index: u32): u32 {
  return load<u32>(presentList + ((<usize>index) << 2));
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
    if (attribute != NOT_FOUND && load<u32>(slots + <usize>attribute * SLOT_SIZE) != stamp) {
      const value = equals ? equals + 1 : at;
      addLine(attribute, value, <i32>(at - value));
    }
    at++;
  }
}
