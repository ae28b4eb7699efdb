/**
 * What is left to check of a candidate once the graph has led to it: predicates on single attributes, all of which
 * must hold.
 */

import { equalBytes } from "../host/text";
import * as layout from "../layout";
import { regexFullMatch } from "../regex/match";
import { program, strings } from "./current";
import { lineLength, lineNext, lineText } from "./lines";
import { attributeLine } from "./request";

/** Whether every predicate of a PREDICATES record holds. */
export function allHold(record: usize): bool {
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let at = record + layout.PREDICATES_ENTRIES; at < end; at += layout.PREDICATE_SIZE) {
    if (!holds(at)) return false;
  }
  return true;
}

/** Of several lines of a header, one is enough. */
function holds(predicate: usize): bool {
  const type = load<u32>(predicate);
  let line = attributeLine(type >> layout.PREDICATE_ATTRIBUTE_SHIFT);
  let hit = false;
  if (line) {
    do {
      hit = valueMatches(predicate, type & layout.PREDICATE_TYPE_MASK, lineText(line), lineLength(line));
      line = lineNext(line);
    } while (!hit && line);
  } else if (type & layout.PREDICATE_MISSING_AS_EMPTY) {
    hit = valueMatches(predicate, type & layout.PREDICATE_TYPE_MASK, strings, 0);
  }
  return hit != ((type & layout.PREDICATE_INVERT) != 0);
}

function valueMatches(predicate: usize, type: u32, text: usize, length: i32): bool {
  if (type == layout.PREDICATE_PRESENT) return true;
  const operand = load<u32>(predicate, layout.PREDICATE_OPERAND);
  const wanted = load<i32>(predicate, layout.PREDICATE_LENGTH);
  if (type == layout.PREDICATE_EXACT) return length == wanted && equalBytes(strings + operand, text, length);
  if (type == layout.PREDICATE_PREFIX) return length >= wanted && equalBytes(strings + operand, text, wanted);
  return regexFullMatch(program + operand + layout.REGEX_TABLE, text, length);
}
