/**
 * Both targets in one Envoy: the filter's listeners, and beside each a native one with the same rules on another
 * port. They share clusters, endpoints and statistics, so nothing but the target can make them answer differently.
 */

import { emitEnvoy } from "../../compiler/back/xds/index.ts";
import type { Compilation } from "../../compiler/compile.ts";
import type { ProxyOptions } from "../../compiler/options.ts";
import { emitBuild } from "../../compiler/run/delivery/build-files.ts";
import type { OutputFiles } from "../../compiler/run/delivery/write.ts";
import { freePort } from "../harness/ports.ts";

interface Resources {
  readonly version_info: string;
  readonly resources: readonly { readonly name: string }[];
}

const LISTENERS = "xds/lds.json";

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

  /** In place of `emitBuild`: the files of the filter's target, and the native listeners added to them. */
  readonly emit = async (
    compilation: Compilation,
    options: ProxyOptions,
    directory: string,
  ): Promise<OutputFiles> => {
    const files = new Map(await emitBuild(compilation, options, directory));
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
    const native = emitEnvoy(config, {
      ...options,
      target: "native",
      blobs: new Map(),
      filterPath: "",
      xdsDirectory: `${directory}/xds`,
    });
    for (const [name, contents] of native) {
      if (name.startsWith("xds/rds/")) {
        files.set(name, contents);
      }
    }
    files.set(LISTENERS, both(files.get(LISTENERS) as string, native.get(LISTENERS)!));
    return files;
  };
}

/** Those that have no target, inside of Envoy, are the same in both. */
function both(first: string, second: string): string {
  const a = JSON.parse(first) as Resources;
  const b = JSON.parse(second) as Resources;
  return `${JSON.stringify({
    version_info: `${a.version_info}+${b.version_info}`,
    resources: [...new Map([...a.resources, ...b.resources].map((one) => [one.name, one])).values()],
  })}\n`;
}
