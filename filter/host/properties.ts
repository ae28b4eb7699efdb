/** What the host knows of a stream: what it can be asked for, and what it remembers for its access logs and traces. */

import { proxy_get_property, proxy_set_property } from "@solo-io/proxy-runtime/assembly/imports";
import { lengthOf } from "./text";

const result = memory.data(8, 8);

/** Bytes of the property that was asked for last. */
export let propertyLength: i32 = 0;

/** A property by its path, which is a constant of `ascii`; in the arena, 0 when there is none. */
export function getProperty(path: usize): usize {
  propertyLength = 0;
  store<u64>(result, 0);
  if (proxy_get_property(path, lengthOf(path), result, result + 4)) return 0;
  propertyLength = load<i32>(result, 4);
  return <usize>load<u32>(result);
}

/** Notes a text under a name, which is a constant of `ascii`. */
export function setProperty(name: usize, text: usize, length: u32): void {
  proxy_set_property(name, lengthOf(name), text, length);
}
