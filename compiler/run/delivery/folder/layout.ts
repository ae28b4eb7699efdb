/**
 * Resources as the files that Envoy reads (filesystem xDS): one for all listeners, one for all clusters, and one for
 * each resource that is asked for by its name. JSON is made here, and nowhere before.
 */

import { printJson } from "../../../back/xds/json.ts";
import type { DiscoveredType } from "../../../back/xds/places.ts";
import type { TypedConfig } from "../../../back/xds/protobuf.ts";
import { Resource, type ResourceSet } from "../../../back/xds/resource-set.ts";
import { versionOf } from "../../../back/xds/version.ts";
import { Confidential } from "../../../ir/confidential.ts";
import type { FileContents, OutputFiles } from "../output-files.ts";
import { CLUSTERS_FILE, discoveryFile, LISTENERS_FILE } from "./file-names.ts";

/** The folder of all of them in a build. */
export const XDS_FOLDER = "xds";

const DISCOVERED: readonly DiscoveredType[] = ["extension", "endpoints", "routes", "secret"];

/** By path relative to the build directory. */
export function layOut(set: ResourceSet): OutputFiles {
  const files = new Map<string, FileContents>();
  const add = (file: string, contents: FileContents) => files.set(`${XDS_FOLDER}/${file}`, contents);
  add(CLUSTERS_FILE, contentsOf(set.cluster));
  add(LISTENERS_FILE, contentsOf(set.listener));
  for (const type of DISCOVERED) {
    for (const resource of set[type].values()) {
      add(discoveryFile(type, resource.name), contentsOf(resource));
    }
  }
  return files;
}

/** The version that Envoy shows once it has taken the file of all these. */
export function listVersion(resources: ReadonlyMap<string, Resource>): string {
  const version = versions.get(resources) ?? versionOf(messagesOf([...resources.values()]));
  versions.set(resources, version);
  return version;
}

/** `envoy.service.discovery.v3.DiscoveryResponse` with one resource, or with a whole list. */
function contentsOf(what: Resource | ReadonlyMap<string, Resource>): FileContents {
  const known = made.get(what);
  if (known !== undefined) {
    return known;
  }
  const resources = what instanceof Resource ? [what] : [...what.values()];
  const text = printJson({
    version_info: what instanceof Resource ? what.version : listVersion(what),
    resources: messagesOf(resources),
  });
  const contents = resources.some(({ isKey }) => isKey) ? new Confidential(text) : text;
  made.set(what, contents);
  return contents;
}

function messagesOf(resources: readonly Resource[]): TypedConfig[] {
  return resources.map(({ message }) => message);
}

/** The steps of a change share most of their resources, and lists that are the same object. */
const versions = new WeakMap<object, string>();
const made = new WeakMap<object, FileContents>();
