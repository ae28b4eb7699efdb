/** Statistics of the host, which all its threads share by their names. */

import {
  proxy_define_metric,
  proxy_increment_metric,
  proxy_record_metric,
} from "@solo-io/proxy-runtime/assembly/imports";

export const METRIC_COUNTER: u32 = 0;
export const METRIC_GAUGE: u32 = 1;

const result = memory.data(4, 4);

/** The id of a statistic of this name. False when the host has none to give. */
export function defineMetric(type: u32, name: usize, length: usize): bool {
  return proxy_define_metric(type, name, length, result) == 0;
}

/** What `defineMetric` got. */
export function definedMetric(): u32 {
  return load<u32>(result);
}

export function addToCounter(id: u32, amount: u32): void {
  proxy_increment_metric(id, amount);
}

export function setGauge(id: u32, value: u64): void {
  proxy_record_metric(id, value);
}
