/** The header of a blob: whose it is, that it is whole, and where its parts are. */

import * as layout from "../../layout";
import { checksum } from "../hash";
import { refuse } from "./refusal";

/** Whether the header of a blob of `size` bytes is good. */
export function verifyHeader(blob: usize, size: u32): bool {
  if (size < layout.HEADER_SIZE) return refuse("it is too short to be a routing program", 0);
  if (load<u32>(blob) != layout.MAGIC) return refuse("it is not a routing program", 0);
  return verifyOrigin(blob, size) && verifyFlags(blob) && verifySections(blob) && verifyAttributeCount(blob);
}

/** Whether version, length and checksum are good: those of a program, or of a packed one. */
export function verifyOrigin(blob: usize, size: u32): bool {
  const version = load<u32>(blob, layout.HEADER_VERSION);
  if (version > layout.FORMAT_VERSION) {
    return refuse("it is of a newer format version than this filter knows", layout.HEADER_VERSION);
  }
  if (version != layout.FORMAT_VERSION) {
    return refuse("it is of an unknown format version", layout.HEADER_VERSION);
  }
  const length = load<u32>(blob, layout.HEADER_LENGTH);
  if (length > size) return refuse("it is cut short", layout.HEADER_LENGTH);
  if (length < size) return refuse("it goes on behind its end", layout.HEADER_LENGTH);
  if (length & 3) return refuse("its length is odd", layout.HEADER_LENGTH);
  const covered = layout.HEADER_CHECKSUM + 4;
  if (checksum(blob + covered, length - covered) != load<u32>(blob, layout.HEADER_CHECKSUM)) {
    return refuse("its checksum is wrong", layout.HEADER_CHECKSUM);
  }
  return true;
}

function verifyFlags(blob: usize): bool {
  const flags = load<u32>(blob, layout.HEADER_FLAGS);
  if (flags & ~layout.FLAGS_KNOWN) {
    return refuse("it has unknown flags", layout.HEADER_FLAGS);
  }
  if (flags & (layout.FLAG_COUNTERS | layout.FLAG_NAMES) && !load<u32>(blob, layout.HEADER_NAMES)) {
    return refuse("its rules have no names", layout.HEADER_NAMES);
  }
  return true;
}

function verifySections(blob: usize): bool {
  const routes = load<u32>(blob, layout.HEADER_ROUTES);
  const names = load<u32>(blob, layout.HEADER_NAMES);
  const strings = load<u32>(blob, layout.HEADER_STRINGS);
  const routesEnd = names ? names : strings;
  if (
    load<u32>(blob, layout.HEADER_RECORDS) != layout.HEADER_SIZE ||
    routes < layout.HEADER_SIZE ||
    routesEnd < routes ||
    strings < routesEnd ||
    strings > load<u32>(blob, layout.HEADER_LENGTH) ||
    (routes | routesEnd | strings) & 3 ||
    load<u32>(blob, layout.HEADER_ROUTE_COUNT) != (routesEnd - routes) >> 2 ||
    (names && strings - names != names - routes)
  ) {
    return refuse("its sections overlap or end outside", layout.HEADER_ROUTES);
  }
  return true;
}

/** The number of attributes is needed before their record is reached. */
function verifyAttributeCount(blob: usize): bool {
  const attributes = load<u32>(blob, layout.HEADER_ATTRIBUTES);
  const recordsEnd = load<u32>(blob, layout.HEADER_ROUTES);
  if (
    attributes & 3 ||
    attributes < layout.HEADER_SIZE ||
    attributes > recordsEnd ||
    recordsEnd - attributes < layout.ATTRIBUTES_SIZE
  ) {
    return refuse("its attributes are outside", layout.HEADER_ATTRIBUTES);
  }
  const count = load<u32>(blob + attributes, layout.ATTRIBUTES_COUNT);
  if (count < layout.ATTRIBUTE_FIRST_NAMED || count > 0x00ffffff) {
    return refuse("it has a bad number of attributes", layout.HEADER_ATTRIBUTES);
  }
  return true;
}
