/**
 * Filesystem xDS: where Envoy reads a resource from, and the file it finds there.
 *
 * Envoy reads again when something is *moved* into the watched directory. A build directory is written the
 * way Kubernetes writes a volume (`..data`, a symbolic link, is swapped by one rename), so one move makes
 * every subscription read its file of the new generation.
 */

import { createHash } from "node:crypto";
import path from "node:path";
import { printJson } from "./json.ts";
import type { EmitOptions } from "./options.ts";
import type { TypedConfig } from "./protobuf.ts";

/** `envoy.config.core.v3.ConfigSource` for a file. */
export interface ConfigSource {
  readonly path_config_source: {
    readonly path: string;
    readonly watched_directory: { readonly path: string };
  };
  readonly resource_api_version: "V3";
}

/** A subscription to `xds/<file>`. */
export function fileSource(file: string, options: EmitOptions): ConfigSource {
  return {
    path_config_source: {
      path: path.posix.join(options.xdsDirectory, file),
      watched_directory: { path: options.watchedDirectory ?? path.posix.dirname(options.xdsDirectory) },
    },
    resource_api_version: "V3",
  };
}

/**
 * `envoy.service.discovery.v3.DiscoveryResponse`. The version is a digest of the resources: Envoy's admin
 * interface shows it once the file is accepted, which is how a reload knows that its step was taken.
 */
export function discoveryResponse(resources: readonly TypedConfig[]): string {
  return printJson({ version_info: discoveryVersion(resources), resources });
}

/** The version that `discoveryResponse` gives these resources. */
export function discoveryVersion(resources: readonly TypedConfig[]): string {
  return createHash("sha256").update(printJson(resources)).digest("hex").slice(0, 16);
}
