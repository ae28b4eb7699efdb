/** What one Envoy is started with, and what it is told from then on, where a stream tells it. */

import { readFile } from "node:fs/promises";
import { sampledHeaders } from "../../../back/headers-read.ts";
import { emitBootstrap } from "../../../back/xds/bootstrap.ts";
import { overloadOf } from "../../../back/xds/overload-manager.ts";
import type { Places } from "../../../back/xds/places.ts";
import { emitResources } from "../../../back/xds/resources.ts";
import type { Compilation } from "../../../compile.ts";
import type { ProxyOptions } from "../../../options.ts";
import { filterModulePath } from "../../../platform/package-root.ts";
import { drainFactsOf } from "../drain-facts.ts";
import type { LiveBuild } from "../live-configuration.ts";
import { ADS_CLUSTER, type AdsBootstrap, adsBootstrap } from "./bootstrap.ts";
import { adsPlaces } from "./places.ts";

export interface AdsBuild extends LiveBuild {
  readonly bootstrap: AdsBootstrap;
}

/** Makes builds for the Envoys of one server. */
export class AdsBuilder {
  readonly socket: string;
  readonly places: Places;
  /** Fixed by the first build: listeners, and the connections on them, are not touched when rules begin to read another header. */
  #tap: Places["tap"];

  private constructor(socket: string, module: Uint8Array) {
    this.socket = socket;
    this.places = adsPlaces(module);
  }

  /** `socket`: the path of the Unix socket that the server listens on. Reads the filter's module, which all builds bring. */
  static async create(socket: string): Promise<AdsBuilder> {
    return new AdsBuilder(socket, await readFile(filterModulePath()));
  }

  build({ config, blobs }: Pick<Compilation, "config" | "blobs">, options: ProxyOptions): AdsBuild {
    this.#tap ??= { cluster: ADS_CLUSTER, headers: sampledHeaders(config) };
    const places = { ...this.places, tap: this.#tap };
    return {
      drain: drainFactsOf(config),
      filtered: new Set(blobs.keys()),
      bootstrap: adsBootstrap(emitBootstrap({ places, overload: overloadOf(config, options) }), {
        servers: [{ address: `unix:${this.socket}`, port: 0 }],
      }),
      resources: emitResources(config, { ...options, blobs, places }),
    };
  }
}
