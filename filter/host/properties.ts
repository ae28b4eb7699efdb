/** What the host remembers of a stream, for its access logs and traces. */

import { proxy_set_property } from "@solo-io/proxy-runtime/assembly/imports";
import { lengthOf } from "./text";

/** Notes a text under a name, which is a constant of `ascii`. */
export function setProperty(name: usize, text: usize, length: u32): void {
  proxy_set_property(name, lengthOf(name), text, length);
}
