/**
 * The WebAssembly filter: a place in the filter chain, filled by extension discovery (ECDS), so that a new
 * blob replaces the old one without touching the listener or a connection on it. Envoy asks the module whether
 * the blob is good and keeps the old one when it is not.
 */

import { type ConfigSource, fileSource } from "./discovery.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";

/** `HttpFilter` with `config_discovery`. Its name is also the name of the resource asked for. */
export interface WasmFilter {
  readonly name: string;
  readonly config_discovery: {
    readonly config_source: ConfigSource;
    readonly type_urls: readonly string[];
  };
}

/** `envoy.extensions.filters.http.wasm.v3.Wasm` */
export interface WasmConfig {
  readonly config: {
    readonly name: string;
    readonly root_id: string;
    readonly configuration: TypedConfig<{ readonly value: string }>;
    readonly failure_policy: "FAIL_RELOAD";
    readonly vm_config: {
      readonly vm_id: string;
      readonly runtime: string;
      readonly code: { readonly local: { readonly filename: string } };
    };
  };
}

const WASM = "envoy.extensions.filters.http.wasm.v3.Wasm";

/** File of a listener's filter configuration, relative to the xDS folder. */
export function ecdsFile(listenerName: string): string {
  return `ecds/${listenerName}.json`;
}

/**
 * The filter's place in the chain. Each listener's has its own name: Envoy counts accepted and rejected
 * updates by it (`extension_config_discovery.http_filter.<name>.…`).
 */
export function emitWasmFilter(listenerName: string, options: EmitOptions): WasmFilter {
  return {
    name: listenerName,
    config_discovery: {
      config_source: fileSource(ecdsFile(listenerName), options),
      type_urls: [`type.googleapis.com/${WASM}`],
    },
  };
}

/** `envoy.config.core.v3.TypedExtensionConfig`: the filter's module and a listener's blob. */
export function emitWasmConfig(
  listenerName: string,
  blob: Uint8Array,
  filterPath: string,
): TypedConfig<Extension<WasmConfig>> {
  return typed("envoy.config.core.v3.TypedExtensionConfig", {
    name: listenerName,
    typed_config: typed(WASM, {
      config: {
        name: "sluice",
        root_id: listenerName,
        configuration: typed("google.protobuf.BytesValue", { value: Buffer.from(blob).toString("base64") }),
        failure_policy: "FAIL_RELOAD" as const,
        vm_config: {
          vm_id: "sluice",
          runtime: "envoy.wasm.runtime.v8",
          code: { local: { filename: filterPath } },
        },
      },
    }),
  });
}
