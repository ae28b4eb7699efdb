/** What the state of a proxy says by itself. */

import type { MemberState } from "./state.ts";

/** One that has only joined. `base`: what it has while its wave has not come. */
export function newMember(scope: string, canary: boolean, base: string): MemberState {
  const nothing = { requests: 0, serverErrors: 0 };
  return { scope, canary, base, departures: 0, before: nothing, after: nothing };
}

/** Whether a proxy is not waited for any longer: it is away, and counted as lost. */
export function isGone({ awaySince, lost, leftChanged }: MemberState): boolean {
  return awaySince !== undefined && (lost === "changed" || (lost === "unchanged" && !leftChanged));
}

/** Whether a proxy was given the new revision. */
export function isChanged({ wave }: MemberState): boolean {
  return wave !== undefined;
}

/** Whether a proxy is one of the canaries that a plan names. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return wanted !== undefined && Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
