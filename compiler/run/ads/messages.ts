/** The protobuf messages that Sluice sends and is sent, as `scripts/descriptors.mjs` has found them described. */

import { gunzipSync } from "node:zlib";
import type { DescMessage, FileRegistry } from "@bufbuild/protobuf";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import descriptors from "./descriptors.json" with { type: "json" };

let loaded: Promise<FileRegistry> | undefined;

/** The library is loaded when somebody first asks. */
export function messageRegistry(): Promise<FileRegistry> {
  loaded ??= load();
  return loaded;
}

/** Throws for a message that nobody described: a mistake in Sluice. */
export function messageOf(registry: FileRegistry, name: string): DescMessage {
  const found = registry.getMessage(name);
  if (found === undefined) {
    throw new Error(`no descriptor of ${name}`);
  }
  return found;
}

async function load(): Promise<FileRegistry> {
  const [{ createFileRegistry, fromBinary }, wkt] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("@bufbuild/protobuf/wkt"),
  ]);
  const files = fromBinary(wkt.FileDescriptorSetSchema, gunzipSync(Buffer.from(descriptors.gzip, "base64")));
  withoutExtensions(files);
  return createFileRegistry(files);
}

/** Of a node's 61 kB and 500 messages nobody reads these: without them it is decoded in a third of the time. */
function withoutExtensions(files: FileDescriptorSet): void {
  for (const { messageType, package: name } of files.file) {
    const node = messageType.find((message) => name === "envoy.config.core.v3" && message.name === "Node");
    node?.field.splice(
      node.field.findIndex((field) => field.name === "extensions"),
      1,
    );
  }
}
