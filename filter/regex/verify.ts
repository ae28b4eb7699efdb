/**
 * Checks a table so that no walk of it can leave it: every state, target and shape is in range.
 */

import * as layout from "./layout";
import { reserveMarks } from "./literals";
import { nfaScratchBytes } from "./nfa";
import { reserveScratch } from "./scratch";

/** Whether a table of `length` bytes can be walked; also reserves the room that walking it takes. */
export function verifyRegexTable(table: usize, length: i32): bool {
  if (length < <i32>layout.TABLE_BODY || table & 3 || load<u32>(table, layout.TABLE_LENGTH) != <u32>length) {
    return false;
  }
  const classes = load<u32>(table, layout.TABLE_CLASSES);
  if (!classes || classes > 256) return false;
  for (let byte: u32 = 0; byte < 256; byte++) {
    if (<u32>load<u8>(table + byte, layout.TABLE_CLASS_MAP) >= classes) return false;
  }
  const room = <u32>length - layout.TABLE_BODY;
  switch (load<u32>(table, layout.TABLE_KIND)) {
    case layout.KIND_DENSE:
      return verifyDense(table, room, classes);
    case layout.KIND_COMB:
      return verifyComb(table, room, classes);
    case layout.KIND_NFA:
      return verifyNfa(table, room, classes);
    case layout.KIND_LITERALS:
      return verifyLiterals(table, room, classes);
    default:
      return false;
  }
}

function verifyDense(table: usize, room: u32, classes: u32): bool {
  const entries = load<u32>(table, layout.TABLE_ENTRIES);
  const accepting = load<u32>(table, layout.DENSE_ACCEPTING);
  const sets = load<u32>(table, layout.TABLE_SETS);
  if (!entries || entries > layout.DENSE_MAX_ENTRIES || entries % classes) return false;
  if (!accepting || accepting > entries || accepting % classes) return false;
  const acceptCount = (entries - accepting) / classes;
  if (room != ((((entries + acceptCount) << 1) + 3) & ~3)) return false;
  const start = load<u32>(table, layout.TABLE_START);
  if (start >= entries || start % classes) return false;
  for (let i: u32 = 0; i < entries; i++) {
    const state = <u32>load<u16>(table + (i << 1), layout.TABLE_BODY);
    if (state >= entries || state % classes) return false;
  }
  for (let i: u32 = 0; i < acceptCount; i++) {
    if (<u32>load<u16>(table + ((entries + i) << 1), layout.TABLE_BODY) >= sets) return false;
  }
  return true;
}

function verifyComb(table: usize, room: u32, classes: u32): bool {
  const entries = load<u32>(table, layout.TABLE_ENTRIES);
  return (
    !(room & 3) &&
    entries == room >> 2 &&
    verifyRows(table, entries, classes, load<u32>(table, layout.TABLE_SETS), 0)
  );
}

/** The rows of a comb: an entry for each class, one that names one of `accepts`, and `more` that name a state. */
function verifyRows(table: usize, entries: u32, classes: u32, accepts: u32, more: u32): bool {
  if (entries <= classes + more || entries > layout.COMB_MAX_ENTRIES) return false;
  // A state is where its row begins; the row must end inside.
  const states = entries - classes - more;
  if (load<u32>(table, layout.TABLE_START) >= states) return false;
  for (let i: u32 = 0; i < entries; i++) {
    const entry = load<u32>(table + (i << 2), layout.TABLE_BODY);
    const name = entry & layout.COMB_CLASS_MASK;
    if (name > classes + 1 + more) return false;
    if (name && entry >> layout.COMB_SHIFT >= (name == classes + 1 ? accepts : states)) return false;
  }
  return true;
}

function verifyLiterals(table: usize, room: u32, classes: u32): bool {
  const entries = load<u32>(table, layout.TABLE_ENTRIES);
  const count = load<u32>(table, layout.LITERALS_COUNT);
  const targets = load<u32>(table, layout.TABLE_SETS);
  if (entries > room >> 2 || count > room / layout.OUTPUT_SIZE || targets > count) return false;
  if (room != (entries << 2) + count * layout.OUTPUT_SIZE || !verifyRows(table, entries, classes, count, 1)) {
    return false;
  }
  const outputs = table + layout.TABLE_BODY + (entries << 2);
  for (let i: u32 = 0; i < count; i++) {
    const output = outputs + i * layout.OUTPUT_SIZE;
    // Only backwards, so no list of them is endless.
    if (
      load<u32>(output) >> layout.OUTPUT_LINK_SHIFT > i ||
      load<u32>(output, layout.OUTPUT_TARGET) >= targets
    ) {
      return false;
    }
  }
  return reserveMarks(targets + count);
}

function verifyNfa(table: usize, room: u32, classes: u32): bool {
  const count = load<u32>(table, layout.TABLE_ENTRIES);
  const targets = load<u32>(table, layout.NFA_TARGETS);
  const shapes = load<u32>(table, layout.NFA_SHAPES);
  if (load<u32>(table, layout.TABLE_SETS) != 1 || load<u32>(table, layout.TABLE_START) >= count) return false;
  if (count > layout.NFA_MAX_INSTRUCTIONS || targets > room >> 2 || shapes > room) return false;
  const shapeSize = classes + 1;
  const shapesAt = count * layout.INSTRUCTION_SIZE + (targets << 2);
  if (room != shapesAt + ((shapes * shapeSize + 3) & ~3)) return false;

  const program = table + layout.TABLE_BODY;
  for (let shape: u32 = 0; shape < shapes; shape++) {
    const at = program + shapesAt + shape * shapeSize;
    const most = load<u8>(at);
    for (let i: u32 = 0; i < classes; i++) if (load<u8>(at + i, 1) > most) return false;
  }
  for (let i: u32 = 0; i < targets; i++) {
    if (load<u32>(program + count * layout.INSTRUCTION_SIZE + (i << 2)) >= count) return false;
  }
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u32>(program + i * layout.INSTRUCTION_SIZE);
    const operand = word >> layout.OP_SHIFT;
    const out = load<u32>(program + i * layout.INSTRUCTION_SIZE, 4);
    switch (word & layout.OP_MASK) {
      case layout.OP_MATCH:
      case layout.OP_FAIL:
        break;
      case layout.OP_BYTE: {
        if (operand >= shapes) return false;
        const most = <u32>load<u8>(program + shapesAt + operand * shapeSize);
        if (out > targets || most > targets - out) return false;
        break;
      }
      case layout.OP_SPLIT:
        if (operand >= count || out >= count) return false;
        break;
      case layout.OP_ASSERT:
        if (operand & ~layout.ASSERT_ALL || out >= count) return false;
        break;
      case layout.OP_SAVE:
        if (out >= count) return false;
        break;
      default:
        return false;
    }
  }
  return reserveScratch(nfaScratchBytes(count));
}
