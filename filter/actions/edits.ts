/**
 * What a rule changes in a request before it goes on: its headers, its host, its path. Matching is over by then, so
 * nothing that is written here is seen by a rule.
 */

import { arenaAlloc } from "../host/memory";
import { addHeader, removeHeader, setHeader } from "../host/stream";
import { ascii, lengthOf } from "../host/text";
import * as layout from "../layout";
import { program, strings } from "../program/current";
import { authority, authorityLength, pathLength, rawPath, rawPathLength } from "../program/request";

const AUTHORITY = ascii(":authority");
const PATH = ascii(":path");
const ORIGINAL_HOST = ascii(layout.ORIGINAL_HOST_HEADER);
const ORIGINAL_PATH = ascii(layout.ORIGINAL_PATH_HEADER);

/** Carries out an EDITS record, entry by entry. */
export function applyEdits(record: usize): void {
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let entry = record + layout.EDITS_ENTRIES; entry < end; entry += layout.EDITS_ENTRY_SIZE) {
    const name = strings + load<u32>(entry, 4);
    const nameLength = load<u32>(entry, 8);
    const value = strings + load<u32>(entry, 12);
    const valueLength = load<u32>(entry, 16);
    switch (load<u32>(entry)) {
      case layout.EDIT_REMOVE:
        removeHeader(name, nameLength);
        break;
      case layout.EDIT_SET:
        setHeader(name, nameLength, value, valueLength);
        break;
      case layout.EDIT_ADD:
        addHeader(name, nameLength, value, valueLength);
        break;
      case layout.EDIT_HOST:
        if (!hidesReplaced()) {
          if (nameLength) setHeader(ORIGINAL_HOST, lengthOf(ORIGINAL_HOST), name, nameLength);
          else setHeader(ORIGINAL_HOST, lengthOf(ORIGINAL_HOST), authority, authorityLength);
        }
        setHeader(AUTHORITY, lengthOf(AUTHORITY), value, valueLength);
        break;
      case layout.EDIT_PATH_START:
        replacePath(min(nameLength, <u32>rawPathLength), value, valueLength);
        break;
      case layout.EDIT_PATH:
        replacePath(pathLength, value, valueLength);
        break;
    }
  }
}

/** Puts other text in place of the first bytes of the path; the rest and the query stay. */
function replacePath(replaced: u32, value: usize, valueLength: u32): void {
  if (!hidesReplaced()) setHeader(ORIGINAL_PATH, lengthOf(ORIGINAL_PATH), rawPath, rawPathLength);
  const rest = <u32>rawPathLength - replaced;
  const length = valueLength + rest;
  const made = arenaAlloc(length);
  memory.copy(made, value, valueLength);
  memory.copy(made + valueLength, rawPath + replaced, rest);
  setHeader(PATH, lengthOf(PATH), made, length);
}

function hidesReplaced(): bool {
  return (load<u32>(program, layout.HEADER_FLAGS) & layout.FLAG_HIDES_REPLACED) != 0;
}
