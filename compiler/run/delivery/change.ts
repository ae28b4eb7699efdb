/**
 * Changes what a running Envoy is told: takes the steps of the plan one after another, each when Envoy has taken the
 * one before. A step that Envoy rejects ends the change, and the old set is put back.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import type { Delivery } from "./delivery.ts";
import { planSteps, type StepName } from "./steps.ts";

export interface ChangeOptions {
  /** How long requests decided by the old rules have until the clusters they were sent to may go. */
  readonly drainMs?: number;
  /** Ends that time at once and leaves the removal to the next change: newer rules are waiting. */
  readonly hurry?: AbortSignal;
  /** Gives up where it stands; the change then throws. */
  readonly signal?: AbortSignal;
  /** Told when the new rules serve, before what is left of the old ones is removed. */
  readonly onServing?: () => void;
}

export type ChangeResult =
  /**
   * `resources` is what Envoy has now: the new set and what is left of the old one. `removed` is false when the old
   * clusters and listeners were left to the next change.
   */
  | { readonly kind: "reloaded"; readonly resources: ResourceSet; readonly removed: boolean }
  | { readonly kind: "unchanged" }
  /** The old rules serve. */
  | { readonly kind: "rejected"; readonly step: StepName; readonly words: readonly string[] };

const DRAIN_MS = 2_000;

export async function changeTo(
  delivery: Delivery,
  before: ResourceSet,
  after: ResourceSet,
  options: ChangeOptions = {},
): Promise<ChangeResult> {
  const steps = planSteps(before, after);
  if (steps.length === 0) {
    return { kind: "unchanged" };
  }
  let resources = before;
  let serving = false;
  const announce = () => {
    if (!serving) {
      serving = true;
      options.onServing?.();
    }
  };
  for (const step of steps) {
    if (step.name === "removal" && !serving) {
      announce();
      if (!(await drained(options))) {
        return { kind: "reloaded", resources, removed: false };
      }
    }
    const answer = await delivery.take(step, options.signal);
    if (!answer.accepted) {
      // Envoy may have taken a part of the step: the old set puts it back.
      await delivery.take({ name: step.name, from: step.to, to: before }, options.signal);
      return { kind: "rejected", step: step.name, words: answer.words };
    }
    resources = step.to;
  }
  announce();
  return { kind: "reloaded", resources, removed: true };
}

/** False when there is no time for it. */
async function drained({ drainMs, signal, hurry }: ChangeOptions): Promise<boolean> {
  const signals = [signal, hurry].filter((one) => one !== undefined);
  try {
    await sleep(drainMs ?? DRAIN_MS, undefined, { signal: AbortSignal.any(signals) });
    return true;
  } catch (error) {
    if (hurry?.aborted && !signal?.aborted) {
      return false;
    }
    throw error;
  }
}
