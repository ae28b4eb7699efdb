/** How long the filter takes to unpack and verify a routing program and be ready to decide by it, in a worker that runs already. */

import { pathToFileURL } from "node:url";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { median } from "./measure.ts";

/** Programs before the one that is measured: V8 compiles what runs often once more, as it does in Envoy. */
const WARM_UP = 3;
const ROUNDS = 7;

/** Milliseconds of processor time in Node, whatever else the machine does: the same module and the same engine as in Envoy. */
export function readyMs(blob: Uint8Array): number {
  const vm = new FilterVm(loadFilter(pathToFileURL(filterModulePath())));
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    const start = process.cpuUsage();
    const root = vm.configure(blob);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
    if (root === undefined) {
      throw new Error(vm.log.map(({ text }) => text).join("\n"));
    }
    vm.deleteRoot(root);
  }
  return median(times.slice(WARM_UP));
}
