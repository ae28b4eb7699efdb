/**
 * Prefixes of one attribute: a radix tree that is walked once, whatever the number of prefixes.
 */

import { equalBytes } from "../host/text";
import * as layout from "../layout";
import { program, strings } from "./current";

/** Where the longest prefix of a text ends in the tree, or 0. */
export function trieDeepest(root: u32, text: usize, length: i32): usize {
  let deepest: usize = 0;
  let at: usize = program + root;
  let position = 0;
  while (at) {
    const labelLength = load<i32>(at, layout.TRIE_LABEL_LENGTH);
    if (
      labelLength > length - position ||
      !equalBytes(strings + load<u32>(at, layout.TRIE_LABEL), text + position, labelLength)
    ) {
      break;
    }
    position += labelLength;
    if (load<u32>(at, layout.TRIE_NODE)) deepest = at;
    if (position == length) break;
    at = childOf(at, load<u8>(text + position));
  }
  return deepest;
}

/** The next shorter prefix, or 0. */
export function trieParent(at: usize): usize {
  const parent = load<u32>(at, layout.TRIE_PARENT);
  return parent ? program + parent : 0;
}

/** The child whose label begins with a byte, or 0. */
function childOf(node: usize, byte: u32): usize {
  const count = load<u32>(node, layout.TRIE_CHILD_COUNT);
  if (count <= layout.TRIE_LIST_MAX) {
    for (let i: u32 = 0; i < count; i++) {
      if (load<u8>(node + i, layout.TRIE_KEYS) == byte) {
        const children = node + <usize>((count + 3) & ~3);
        return program + load<u32>(children + ((<usize>i) << 2), layout.TRIE_KEYS);
      }
    }
    return 0;
  }
  const word = byte >> 5;
  const bits = load<u32>(node + ((<usize>word) << 2), layout.TRIE_KEYS);
  const bit = (<u32>1) << (byte & 31);
  if (!(bits & bit)) return 0;
  let rank = popcnt<u32>(bits & (bit - 1));
  for (let i: u32 = 0; i < word; i++) {
    rank += popcnt<u32>(load<u32>(node + ((<usize>i) << 2), layout.TRIE_KEYS));
  }
  return program + load<u32>(node + ((<usize>rank) << 2), layout.TRIE_KEYS + layout.TRIE_BITMAP_SIZE);
}
