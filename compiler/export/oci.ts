/**
 * The filter as an image that Istio's agent and Envoy Gateway pull: one layer with the one file `plugin.wasm`, as if
 * built `FROM scratch`. An image layout of the Open Container Initiative (image-spec 1.1), to be pushed by whatever
 * copies images: `skopeo copy oci:DIR docker://…`, `crane push DIR …`, `oras cp --from-oci-layout DIR:TAG …`.
 *
 * Equal filters give equal bytes, so the digest names the filter.
 */

import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import type { OutputFiles } from "../run/delivery/output-files.ts";

/** An image as an OCI layout. */
export interface OciImage {
  /** `sha256:…` of the manifest: what `@` names an image by. */
  readonly digest: string;
  readonly files: OutputFiles;
}

interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const NO_TIME = new Date(0);
/** Where the header of RFC 1952 says what system made it. */
const GZIP_SYSTEM = 9;
const UNKNOWN_SYSTEM = 255;

export async function ociImage(filter: Uint8Array, version: string): Promise<OciImage> {
  const archive = pack();
  archive.entry({ name: "plugin.wasm", mode: 0o444, mtime: NO_TIME }, Buffer.from(filter));
  archive.finalize();
  const tar = await buffer(archive);
  const layer = blobOf(gzipAnywhere(tar));
  const annotations = {
    "org.opencontainers.image.title": "sluice",
    "org.opencontainers.image.description": "Sluice's filter for Envoy",
    "org.opencontainers.image.version": version,
  };
  const config = blobOf(
    json({
      architecture: "amd64",
      os: "linux",
      config: { Labels: annotations },
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
      history: [{ created_by: "sluice export --to oci" }],
    }),
  );
  const descriptor = (mediaType: string, { bytes, digest }: Blob) => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  const manifest = blobOf(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor(CONFIG, config),
      layers: [descriptor(LAYER, layer)],
      annotations,
    }),
  );
  const index = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      { ...descriptor(MANIFEST, manifest), annotations: { "org.opencontainers.image.ref.name": version } },
    ],
  });
  const blobs = [layer, config, manifest].map(({ bytes, digest }): [string, Buffer] => [
    `blobs/${digest.replace(":", "/")}`,
    bytes,
  ]);
  return {
    digest: manifest.digest,
    files: new Map<string, string | Uint8Array>([
      ["oci-layout", json({ imageLayoutVersion: "1.0.0" })],
      ["index.json", index],
      ...blobs,
    ]),
  };
}

/**
 * Stored, not compressed, and without the name of the system: both differ from machine to machine, and policies name the
 * image by its digest wherever they are exported.
 */
function gzipAnywhere(bytes: Buffer): Buffer {
  const gzip = gzipSync(bytes, { level: 0 });
  gzip[GZIP_SYSTEM] = UNKNOWN_SYSTEM;
  return gzip;
}

function blobOf(bytes: Buffer): Blob {
  return { bytes, digest: digestOf(bytes) };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
