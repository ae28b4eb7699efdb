/**
 * Where an Envoy that runs from a build directory reads what it is told.
 *
 * Envoy reads again when something is *moved* into the watched directory. A build directory is written the way
 * Kubernetes writes a volume (`..data`, a symbolic link, is swapped by one rename), so one move makes every
 * subscription read its file of the new generation.
 */

import path from "node:path";
import type { ConfigSource, DiscoveredType, Places } from "../../../back/xds/places.ts";
import type { Config } from "../../../ir/ir.ts";
import { CLUSTERS_FILE, discoveryFile, LISTENERS_FILE } from "./file-names.ts";
import { XDS_FOLDER } from "./layout.ts";
import { planSubscriptions } from "./subscriptions.ts";

export const MODULE_FILE = "filter.wasm";

/** A file, read again whenever something is moved into the watched directory. */
interface FileSource extends ConfigSource {
  readonly path_config_source: {
    readonly path: string;
    readonly watched_directory: { readonly path: string };
  };
}

export interface FolderPlaces extends Places {
  readonly listeners: FileSource;
  readonly clusters: FileSource;
  sourceOf(type: DiscoveredType, name: string): FileSource | undefined;
}

/** `directory` is absolute: the build's as Envoy sees it. */
export function folderPlaces(config: Config, directory: string): FolderPlaces {
  const { endpoints, listeners, inlineSecrets } = planSubscriptions(config);
  const source = (file: string): FileSource => ({
    path_config_source: {
      path: path.posix.join(directory, XDS_FOLDER, file),
      watched_directory: { path: directory },
    },
    resource_api_version: "V3",
  });
  return {
    listeners: source(LISTENERS_FILE),
    clusters: source(CLUSTERS_FILE),
    filtersInAdvance: false,
    module: { local: { filename: path.posix.join(directory, MODULE_FILE) } },
    sourceOf(type, name) {
      const isApart =
        type === "endpoints" ? endpoints : type === "secret" ? !inlineSecrets.has(name) : listeners;
      return isApart ? source(discoveryFile(type, name)) : undefined;
    },
  };
}
