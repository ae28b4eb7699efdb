/** How often the filter calls its host for a request: counted in Node, where the same module runs the same program. */

import { pathToFileURL } from "node:url";
import { FilterVm, loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import { SharedData } from "../../../compiler/answers/wasm-host/shared-data.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import { listeningWebAssembly } from "../../harness/host-calls.ts";
import type { Edge } from "./piece.ts";

/** Requests before the one that counts: the first of a client makes its bucket, and the first of a rule sets the timer of the counters. */
const BEFORE = 3;

export function hostCalls({ requests, claims }: Edge, program: Uint8Array): number {
  let calls = 0;
  const vm = listening(() => calls++);
  const root = vm.configure(program);
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  const { method, host, path, headers } = requests[0]!;
  for (let i = 0; i <= BEFORE; i++) {
    calls = 0;
    vm.decide(root, {
      method,
      authority: host,
      path,
      headers: Object.entries(headers),
      source: "127.0.0.1:40000",
      ...(claims !== undefined && { claims }),
    });
  }
  return calls;
}

function listening(listener: () => void): FilterVm {
  const filter = loadFilter(pathToFileURL(filterModulePath()));
  const own = globalThis.WebAssembly;
  globalThis.WebAssembly = listeningWebAssembly(listener);
  try {
    return new FilterVm(filter, 1, new SharedData());
  } finally {
    globalThis.WebAssembly = own;
  }
}
