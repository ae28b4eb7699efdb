/**
 * The WebAssembly filter: a place in the filter chain, filled by extension discovery (ECDS), so that a new
 * blob replaces the old one without touching the listener or a connection on it. Envoy asks the module whether
 * the blob is good and keeps the old one when it is not.
 */

import { type ConfigSource, fileSource } from "./discovery.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";

/** `HttpFilter` with `config_discovery`. Its name is also the name of the resource asked for. */
export interface DiscoveredFilter {
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
 * The filter in the chain. Each listener's has its own name: Envoy counts accepted and rejected updates by it
 * (`extension_config_discovery.http_filter.<name>.…`).
 */
export function emitWasmFilter(
  listenerName: string,
  ownFile: boolean,
  options: EmitOptions,
): DiscoveredFilter | Extension<WasmConfig> {
  if (!ownFile) {
    return { name: listenerName, typed_config: emitWasmConfig(listenerName, options) };
  }
  return {
    name: listenerName,
    config_discovery: {
      config_source: fileSource(ecdsFile(listenerName), options),
      type_urls: [`type.googleapis.com/${WASM}`],
    },
  };
}

/** `envoy.config.core.v3.TypedExtensionConfig`, the resource that fills the place. */
export function emitExtensionConfig(
  listenerName: string,
  options: EmitOptions,
): TypedConfig<Extension<WasmConfig>> {
  return typed("envoy.config.core.v3.TypedExtensionConfig", {
    name: listenerName,
    typed_config: emitWasmConfig(listenerName, options),
  });
}

/** The filter's module and a listener's blob. */
function emitWasmConfig(listenerName: string, options: EmitOptions): TypedConfig<WasmConfig> {
  const blob = options.blobs.get(listenerName);
  if (blob === undefined) {
    throw new Error(`no blob for listener ${listenerName}`);
  }
  return typed(WASM, {
    config: {
      name: "sluice",
      root_id: listenerName,
      configuration: typed("google.protobuf.BytesValue", { value: Buffer.from(blob).toString("base64") }),
      failure_policy: "FAIL_RELOAD" as const,
      vm_config: {
        vm_id: "sluice",
        runtime: "envoy.wasm.runtime.v8",
        code: { local: { filename: options.filterPath } },
      },
    },
  });
}
