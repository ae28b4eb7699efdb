/**
 * Programs are tried by the server before any proxy gets them: Envoy says of a program that its filter refuses no more than that
 * the plugin could not be made, and by then the revision is out.
 */

import { FilterVm } from "../../answers/wasm-host/filter-vm.ts";

export class VerifiedPrograms {
  readonly #module: WebAssembly.Module;
  readonly #known = new WeakSet<Uint8Array>();

  /** `module` is the filter's, the same that the proxies are sent. */
  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Throws when the filter refuses one: a mistake in Sluice, which must not reach a proxy. */
  verify(blobs: ReadonlyMap<string, Uint8Array>): void {
    const unknown = [...blobs].filter(([, blob]) => !this.#known.has(blob));
    if (unknown.length === 0) {
      return;
    }
    const vm = new FilterVm(this.#module);
    for (const [listener, blob] of unknown) {
      const root = vm.configure(blob);
      if (root === undefined) {
        throw new Error(`the filter refuses the program of listener ${listener}`);
      }
      vm.deleteRoot(root);
      this.#known.add(blob);
    }
  }
}
