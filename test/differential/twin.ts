/**
 * Both targets in one Envoy: the filter's listeners, and beside each a native one with the same rules on another
 * port. They share clusters, endpoints and statistics, so nothing but the target can make them answer differently.
 */

import { emitResources } from "../../compiler/back/xds/resources.ts";
import type { Compilation } from "../../compiler/compile.ts";
import type { ProxyOptions } from "../../compiler/options.ts";
import type { AdsBuild, AdsBuilder } from "../../compiler/run/delivery/ads/build.ts";
import { freePort } from "../harness/ports.ts";

export class Twin {
  readonly #ports = new Map<string, number>();

  /** The port of the native listener beside one of the filter's. */
  nativePort(listener: string): number {
    const port = this.#ports.get(listener);
    if (port === undefined) {
      throw new Error(`no listener ${listener}`);
    }
    return port;
  }

  /** What the filter's target is told, and the native listeners added to it. */
  readonly emit = async (
    builder: AdsBuilder,
    compilation: Compilation,
    options: ProxyOptions,
  ): Promise<AdsBuild> => {
    const build = builder.build(compilation, options);
    for (const { name } of compilation.config.listeners) {
      if (!this.#ports.has(name)) {
        this.#ports.set(name, await freePort());
      }
    }
    const config = {
      ...compilation.config,
      listeners: compilation.config.listeners.map((listener) => ({
        ...listener,
        name: `native_${listener.name}`,
        port: this.nativePort(listener.name),
      })),
    };
    const native = emitResources(config, {
      ...options,
      target: "native",
      blobs: new Map(),
      places: builder.places,
    });
    const { resources } = build;
    return {
      ...build,
      resources: {
        ...resources,
        routes: new Map([...resources.routes, ...native.routes]),
        // Those that have no target, inside of Envoy, are the same in both.
        listener: new Map([...resources.listener, ...native.listener]),
      },
    };
  };
}
