/**
 * Fields that not every supported Envoy has. An older one takes a message with such a field and leaves the field out without a
 * word, so it must not get one.
 */

import { isAtLeast } from "../../platform/version.ts";
import type { EnvoyCluster } from "./cluster.ts";
import type { ResourceSet } from "./resource-set.ts";

/** Its API has `retry_budget.budget_interval` since 1.39; this is the first that was seen to obey it. */
export const FIRST_ENVOY_WITH_BUDGET_INTERVALS = "1.40.0";

/** In words, each field of the resources that an Envoy of this version lacks. */
export function newerFieldsIn({ cluster }: Pick<ResourceSet, "cluster">, version: string): string[] {
  return isAtLeast(version, FIRST_ENVOY_WITH_BUDGET_INTERVALS)
    ? []
    : [...cluster.values()]
        .filter(({ message }) => hasBudgetInterval(message))
        .map(
          ({ name }) =>
            `retryBudget.budgetInterval of ${name} needs Envoy ${FIRST_ENVOY_WITH_BUDGET_INTERVALS} or newer; this is ${version}`,
        );
}

/** Whether one of the clusters asks for more than the oldest supported Envoy can do. */
export function needsBudgetIntervals({ cluster }: Pick<ResourceSet, "cluster">): boolean {
  return [...cluster.values()].some(({ message }) => hasBudgetInterval(message));
}

function hasBudgetInterval(message: object): boolean {
  const { circuit_breakers } = message as Partial<Pick<EnvoyCluster, "circuit_breakers">>;
  return (
    circuit_breakers?.thresholds.some(({ retry_budget }) => retry_budget?.budget_interval !== undefined) ===
    true
  );
}
