/**
 * Reads protobuf messages as they stand on the wire (https://protobuf.dev/programming-guides/encoding/), one field after another.
 * Whoever reads a field inside of another remembers where it was: there is one place at a time.
 */

/** Where the next field is read, and where the message ends. */
let at: usize = 0;
let end: usize = 0;

/** Of the field that was read last: its number, and for one with a length where its bytes are; of others their number is 0. */
export let fieldNumber: u32 = 0;
export let fieldBytes: usize = 0;
export let fieldLength: i32 = 0;

export function openMessage(start: usize, length: i32): void {
  at = start;
  end = start + length;
}

/** Where reading is to go on, for `continueMessage`. */
export function messagePlace(): usize {
  return at;
}

export function messageEnd(): usize {
  return end;
}

export function continueMessage(place: usize, placeEnd: usize): void {
  at = place;
  end = placeEnd;
}

/** Reads the next field; false where there is none, or none that makes sense. */
export function nextField(): bool {
  if (at >= end) return false;
  const tag = varint();
  fieldNumber = <u32>(tag >> 3);
  fieldBytes = 0;
  fieldLength = 0;
  switch (<u32>(tag & 7)) {
    case 0:
      varint();
      return at <= end;
    case 1:
      at += 8;
      return at <= end;
    case 2: {
      const length = varint();
      if (length > <u64>(end - at) || at > end) return false;
      fieldBytes = at;
      fieldLength = <i32>length;
      at += <usize>length;
      return true;
    }
    case 5:
      at += 4;
      return at <= end;
    default:
      return false;
  }
}

function varint(): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 64 && at < end; shift += 7) {
    const byte = load<u8>(at++);
    value |= (<u64>(byte & 0x7f)) << shift;
    if (!(byte & 0x80)) return value;
  }
  // Cut short, or longer than any number.
  at = end + 1;
  return 0;
}
