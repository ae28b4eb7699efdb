/** Istio's custom resource definitions, as Istio publishes them. */

import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import type { ApiClient } from "./api-client.ts";

const PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TIMEOUT_MS = 60_000;
const PAUSE_MS = 50;

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly storage: boolean }[];
  };
}

/** Installs those with a wanted name, such as `gateways.networking.istio.io`; resolves when their resources are served. */
export async function installIstioCrds(
  api: ApiClient,
  file: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  const crds = parseAllDocuments(await readFile(file, "utf8"))
    .map((document) => document.toJS() as Crd | null)
    .filter((crd) => crd !== null)
    .filter(({ metadata }) => isWanted(metadata.name));
  await Promise.all(crds.map((crd) => api.create(PATH, crd)));
  const deadline = Date.now() + TIMEOUT_MS;
  await Promise.all(crds.map((crd) => untilServed(api, crd, deadline)));
}

/** An API server serves a kind, in all versions, a moment after it says that it does. */
async function untilServed(api: ApiClient, { spec }: Crd, deadline: number): Promise<void> {
  const version = spec.versions.find(({ storage }) => storage)!.name;
  const path = `/apis/${spec.group}/${version}/${spec.names.plural}?limit=1`;
  while ((await api.ask("GET", path)).status !== 200) {
    if (Date.now() > deadline) {
      throw new Error(`the API server does not serve ${path}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
