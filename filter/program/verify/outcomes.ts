/** What routes lead to. */

import * as layout from "../../layout";
import { attributeCount, blob, isCounted, isLabel, isOptional, isString } from "./references";

export function verifyForward(record: usize, size: u32): bool {
  if (size <= layout.FORWARD_SHARES || (size - layout.FORWARD_SHARES) % layout.SHARE_SIZE) return false;
  if (!isBefore(load<u32>(record, layout.OUTCOME_BEFORE))) return false;
  if (!isOptional(load<u32>(record, layout.FORWARD_HEADERS), layout.KIND_HEADERS)) return false;
  if (!isOptional(load<u32>(record, layout.FORWARD_EDITS), layout.KIND_EDITS)) return false;
  const sticky = load<u32>(record, layout.FORWARD_STICKY);
  if (!isOptional(sticky, layout.KIND_STICKY)) return false;
  const shares = (size - layout.FORWARD_SHARES) / layout.SHARE_SIZE;
  if (
    sticky &&
    (load<u32>(blob + sticky) >> layout.RECORD_SIZE_SHIFT) << 2 != layout.STICKY_KEYS + (shares << 3)
  ) {
    return false;
  }
  const end = record + size;
  let sum: u64 = 0;
  for (let share = record + layout.FORWARD_SHARES; share < end; share += layout.SHARE_SIZE) {
    const cumulative = load<u64>(share, layout.SHARE_CUMULATIVE);
    if (cumulative <= sum) return false;
    sum = cumulative;
    if (!isString(load<u32>(share, layout.SHARE_STRING), load<u32>(share, layout.SHARE_LENGTH))) return false;
    if (!isOptional(load<u32>(share, layout.SHARE_HEADERS), layout.KIND_HEADERS)) return false;
    if (!isOptional(load<u32>(share, layout.SHARE_LINES), layout.KIND_LINES)) return false;
    if (!isOptional(load<u32>(share, layout.SHARE_EDITS), layout.KIND_EDITS)) return false;
    const label = load<u32>(share, layout.SHARE_LABEL);
    if (!isCountable(label, load<u32>(share, layout.SHARE_STRING), load<u32>(share, layout.SHARE_LENGTH))) {
      return false;
    }
  }
  return sum == load<u64>(record, layout.FORWARD_TOTAL);
}

export function verifyForwardOne(record: usize, size: u32): bool {
  if (size != layout.FORWARD_ONE_SIZE) return false;
  const name = load<u32>(record, layout.FORWARD_ONE_STRING);
  const length = load<u32>(record, layout.FORWARD_ONE_LENGTH);
  const label = load<u32>(record, layout.FORWARD_ONE_LABEL);
  return (
    isBefore(load<u32>(record, layout.OUTCOME_BEFORE)) &&
    isOptional(load<u32>(record, layout.FORWARD_HEADERS), layout.KIND_HEADERS) &&
    isOptional(load<u32>(record, layout.FORWARD_EDITS), layout.KIND_EDITS) &&
    isString(name, length) &&
    (label == layout.COUNTED_REDIRECT || label == layout.COUNTED_DIRECT || isCountable(label, name, length))
  );
}

/** Whether a cluster has a label: one of its own, or its name. */
function isCountable(label: u32, name: u32, length: u32): bool {
  return label ? isOptional(label, layout.KIND_LABEL) : !isCounted || isLabel(name, length);
}

export function verifyRule(record: usize, size: u32): bool {
  if (size != layout.RULE_SIZE) return false;
  const name = load<u32>(record, layout.RULE_STRING);
  const length = load<u32>(record, layout.RULE_LENGTH);
  const own = load<u32>(record, layout.RULE_OWN_LENGTH);
  if (!own || length < own || !isLabel(name, own)) return false;
  // Where there is more, it is a dot and the match.
  const match = length - own;
  return !match || (match > 1 && isLabel(name + own, 1) && isLabel(name + own + 1, match - 1));
}

export function verifyLabel(record: usize, size: u32): bool {
  return (
    size == layout.LABEL_SIZE &&
    isLabel(load<u32>(record, layout.LABEL_STRING), load<u32>(record, layout.LABEL_LENGTH))
  );
}

export function verifySticky(record: usize, size: u32): bool {
  return (
    size >= layout.STICKY_KEYS &&
    load<u32>(record, layout.STICKY_SOURCE) <= layout.STICKY_BY_ADDRESS &&
    load<u32>(record, layout.STICKY_ATTRIBUTE) < attributeCount &&
    isString(load<u32>(record, layout.STICKY_NAME), load<u32>(record, layout.STICKY_NAME_LENGTH))
  );
}

export function verifyResponse(record: usize, size: u32): bool {
  return (
    size == layout.RESPONSE_SIZE &&
    isBefore(load<u32>(record, layout.OUTCOME_BEFORE)) &&
    isStatus(load<u32>(record, layout.RESPONSE_STATUS)) &&
    isString(load<u32>(record, layout.RESPONSE_BODY), load<u32>(record, layout.RESPONSE_BODY_LENGTH)) &&
    isOptional(load<u32>(record, layout.RESPONSE_LINES), layout.KIND_LINES)
  );
}

export function verifyRedirect(record: usize, size: u32): bool {
  return (
    size == layout.REDIRECT_SIZE &&
    isBefore(load<u32>(record, layout.OUTCOME_BEFORE)) &&
    isStatus(
      load<u32>(record, layout.REDIRECT_STATUS) & ~(layout.REDIRECT_KEEPS_PORT | layout.REDIRECT_IS_DIRECT),
    ) &&
    isString(load<u32>(record, layout.REDIRECT_SCHEME), load<u32>(record, layout.REDIRECT_SCHEME_LENGTH)) &&
    isString(load<u32>(record, layout.REDIRECT_HOST), load<u32>(record, layout.REDIRECT_HOST_LENGTH)) &&
    isString(load<u32>(record, layout.REDIRECT_PORT), load<u32>(record, layout.REDIRECT_PORT_LENGTH)) &&
    load<u32>(record, layout.REDIRECT_PATH_KIND) <= layout.REDIRECT_TO_PATH &&
    load<i32>(record, layout.REDIRECT_MATCHED) >= 0 &&
    isString(load<u32>(record, layout.REDIRECT_PATH), load<u32>(record, layout.REDIRECT_PATH_LENGTH)) &&
    isOptional(load<u32>(record, layout.REDIRECT_LINES), layout.KIND_LINES) &&
    isString(load<u32>(record, layout.REDIRECT_BODY), load<u32>(record, layout.REDIRECT_BODY_LENGTH))
  );
}

function isBefore(record: u32): bool {
  return isOptional(record, layout.KIND_FAULT) || isOptional(record, layout.KIND_LIMIT);
}

export function verifyLimit(record: usize, size: u32): bool {
  if (size < layout.LIMIT_LINES + 4) return false;
  for (let at = layout.LIMIT_LINES; at < size; at += 4) {
    if (!isOptional(load<u32>(record + at), layout.KIND_LINES)) return false;
  }
  const by = load<u32>(record, layout.LIMIT_BY);
  const length = load<u32>(record, layout.LIMIT_BUCKET_LENGTH);
  return (
    isOptional(load<u32>(record, layout.LIMIT_FAULT), layout.KIND_FAULT) &&
    load<u64>(record, layout.LIMIT_TOKEN) > 0 &&
    load<u32>(record, layout.LIMIT_TOKEN + 4) <= layout.LIMIT_TIME_HIGH_MAX &&
    load<u32>(record, layout.LIMIT_AHEAD + 4) <= layout.LIMIT_TIME_HIGH_MAX &&
    by <= layout.LIMIT_BY_CLAIM &&
    (by < layout.LIMIT_BY_HEADER || load<u32>(record, layout.LIMIT_ATTRIBUTE) < attributeCount) &&
    length > 0 &&
    length <= layout.LIMIT_BUCKET_LENGTH_MAX &&
    isString(load<u32>(record, layout.LIMIT_BUCKET), length)
  );
}

export function verifyFault(record: usize, size: u32): bool {
  return (
    size == layout.FAULT_SIZE &&
    isOptional(load<u32>(record, layout.FAULT_ABORT_LINES), layout.KIND_LINES) &&
    load<u32>(record, layout.FAULT_DELAY_PPM) <= 1000000 &&
    load<u32>(record, layout.FAULT_ABORT_PPM) <= 1000000 &&
    (load<u32>(record, layout.FAULT_ABORT_KIND) == layout.ABORT_GRPC
      ? load<u32>(record, layout.FAULT_ABORT_STATUS) <= 16
      : load<u32>(record, layout.FAULT_ABORT_KIND) < layout.ABORT_GRPC &&
        (load<u32>(record, layout.FAULT_ABORT_KIND) == 0 ||
          isStatus(load<u32>(record, layout.FAULT_ABORT_STATUS))))
  );
}

function isStatus(status: u32): bool {
  return status >= 200 && status < 600;
}

export function verifyHeaders(record: usize, size: u32): bool {
  if (size < layout.HEADERS_ENTRIES || (size - layout.HEADERS_ENTRIES) % layout.HEADERS_ENTRY_SIZE) {
    return false;
  }
  const end = record + size;
  for (let entry = record + layout.HEADERS_ENTRIES; entry < end; entry += 8) {
    if (!isString(load<u32>(entry), load<u32>(entry, 4))) return false;
  }
  return true;
}

/** The host reads lengths and texts without looking back at us. */
export function verifyLines(record: usize, size: u32): bool {
  if (size < layout.LINES_TEXT + 4) return false;
  const length = load<u32>(record, layout.LINES_LENGTH);
  if (length < 4 || length > size - layout.LINES_TEXT) return false;
  const text = record + layout.LINES_TEXT;
  const count = load<u32>(text);
  if (count > (length - 4) >> 3) return false;
  let end: u64 = 4 + ((<u64>count) << 3);
  for (let i: u32 = 0; i < count << 1; i++) {
    end += <u64>load<u32>(text + 4 + (i << 2)) + 1;
  }
  return end == length;
}

export function verifyEdits(record: usize, size: u32): bool {
  if (size < layout.EDITS_ENTRIES || (size - layout.EDITS_ENTRIES) % layout.EDITS_ENTRY_SIZE) return false;
  const end = record + size;
  for (let entry = record + layout.EDITS_ENTRIES; entry < end; entry += layout.EDITS_ENTRY_SIZE) {
    const edit = load<u32>(entry);
    if (edit > layout.EDIT_PATH || !isString(load<u32>(entry, 12), load<u32>(entry, 16))) return false;
    // The start of a path is measured, not named.
    if (edit != layout.EDIT_PATH_START && !isString(load<u32>(entry, 4), load<u32>(entry, 8))) return false;
  }
  return true;
}
