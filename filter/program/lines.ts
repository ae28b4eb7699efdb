/**
 * The values that a request has of the attributes of its program: for each attribute a list of lines, as a header may have several.
 * Slots are stamped with the number of the request instead of being cleared, so that a program with ten thousand header
 * names costs nothing here.
 */

import { arenaAlloc, heapAlloc, heapFree } from "../host/memory";
import * as layout from "../layout";

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

/** Begins a request, which has nothing yet. */
export function beginLines(): void {
  presentCount = 0;
  if (++stamp == 0) {
    memory.fill(slots, 0, <usize>slotCount * SLOT_SIZE);
    stamp = 1;
  }
}

/** Notes a value of an attribute. */
export function addLine(attribute: u32, value: usize, length: i32): void {
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

/** The first line that was noted of an attribute, 0 for none. */
export function notedLine(attribute: u32): usize {
  const slot = slots + <usize>attribute * SLOT_SIZE;
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
