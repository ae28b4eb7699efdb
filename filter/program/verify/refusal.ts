/** Why the last blob was refused, for Envoy's log. */

export let refusal: string = "";
/** The offset at which it is wrong. */
export let refusalOffset: u32 = 0;

/** Notes the reason. Always false, so that it can be what a check returns. */
export function refuse(reason: string, offset: u32): bool {
  refusal = reason;
  refusalOffset = offset;
  return false;
}
