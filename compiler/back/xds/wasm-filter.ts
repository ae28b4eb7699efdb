/**
 * The WebAssembly filter: a place in the filter chain, filled by extension discovery (ECDS), so that a new
 * blob replaces the old one without touching the listener or a connection on it. Envoy asks the module whether
 * the blob is good and keeps the old one when it is not.
 */

import type { EmitContext } from "./options.ts";
import type { ConfigSource, ModuleSource } from "./places.ts";
import { type Extension, type TypedConfig, typed, typeUrl } from "./protobuf.ts";

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
      readonly code: ModuleSource;
    };
  };
}

const WASM = "envoy.extensions.filters.http.wasm.v3.Wasm";

/**
 * The filter in the chain. Each listener's has its own name: Envoy counts accepted and rejected updates by it
 * (`extension_config_discovery.http_filter.<name>.…`).
 */
export function emitWasmFilter(
  listenerName: string,
  context: EmitContext,
): DiscoveredFilter | Extension<WasmConfig> {
  const source = context.places.sourceOf("extension", listenerName);
  if (source === undefined) {
    return { name: listenerName, typed_config: emitWasmConfig(listenerName, context) };
  }
  return {
    name: listenerName,
    config_discovery: {
      config_source: source,
      type_urls: [typeUrl(WASM)],
    },
  };
}

/** `envoy.config.core.v3.TypedExtensionConfig`, the resource that fills the place. */
export function emitExtensionConfig(
  listenerName: string,
  context: EmitContext,
): TypedConfig<Extension<WasmConfig>> {
  return typed("envoy.config.core.v3.TypedExtensionConfig", {
    name: listenerName,
    typed_config: emitWasmConfig(listenerName, context),
  });
}

/** The filter's module and a listener's blob. */
function emitWasmConfig(listenerName: string, { blobs, places }: EmitContext): TypedConfig<WasmConfig> {
  const blob = blobs.get(listenerName);
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
        code: places.module,
      },
    },
  });
}
