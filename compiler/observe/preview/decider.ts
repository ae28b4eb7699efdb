/** Which route the very program of a listener takes for a request that was sampled. */

import { arrive } from "../../answers/evaluate/arrival.ts";
import { type RouteAt, routesInOrder } from "../../answers/evaluate/route-at.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import { FilterVm } from "../../answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../back/program/encode.ts";
import type { Compilation } from "../../compile.ts";
import type { Listener, Route } from "../../ir/ir.ts";
import { normalizationOf } from "../../ir/path-normalization.ts";

interface Program {
  readonly listener: Listener;
  readonly vm: FilterVm;
  readonly root: number;
  readonly routes: readonly RouteAt[];
}

export class Decider {
  readonly #compilation: Compilation;
  readonly #module: WebAssembly.Module;
  /** By listener, each made when it is first asked. */
  readonly #programs = new Map<string, Program | undefined>();

  constructor(module: WebAssembly.Module, compilation: Compilation) {
    this.#module = module;
    this.#compilation = compilation;
  }

  /** Whether requests come in there. */
  has(listener: string): boolean {
    return this.#programOf(listener) !== undefined;
  }

  /** `undefined` where no rule takes it, and for what is no request. */
  routeOf(listener: string, asked: AskedRequest): Route | undefined {
    const program = this.#programOf(listener);
    if (program === undefined) {
      return undefined;
    }
    const arrival = arrive(asked, program.listener, normalizationOf(this.#compilation.config));
    if (arrival.kind === "refused") {
      return undefined;
    }
    // Which destination the dice give is chance; which route it is is not.
    const { route } = program.vm.decide(program.root, arrival.request);
    return route === undefined ? undefined : program.routes[route]?.route;
  }

  #programOf(name: string): Program | undefined {
    if (!this.#programs.has(name)) {
      this.#programs.set(name, this.#make(name));
    }
    return this.#programs.get(name);
  }

  #make(name: string): Program | undefined {
    const { config, blobs } = this.#compilation;
    const listener = config.listeners.find((one) => one.name === name);
    if (listener === undefined) {
      return undefined;
    }
    const vm = new FilterVm(this.#module);
    // Envoy's own routes decide as the filter would.
    const root = vm.configure(blobs.get(name) ?? encodeProgram(listener.routes));
    if (root === undefined) {
      throw new Error(
        `the filter refuses the program of ${name}: ${vm.log.map(({ text }) => text).join("; ")}`,
      );
    }
    return { listener, vm, root, routes: routesInOrder(listener.routes) };
  }
}
