/** The compiled filter of this Sluice as an image, without any rules. */

import { readFile } from "node:fs/promises";
import { filterModulePath, packageRoot } from "../platform/package-root.ts";
import { type OciImage, ociImage } from "./oci.ts";

/** An OCI layout, whose bytes are the same for the same filter. */
export async function filterImage(): Promise<OciImage> {
  return ociImage(await readFile(filterModulePath()), packageRoot().version);
}
