/** Istio's custom resource definitions, as Istio publishes them. */

import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import type { ApiClient } from "./api-client.ts";

const PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TIMEOUT_MS = 30_000;

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
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
  const isEstablished = ({ status }: Crd) =>
    status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true;
  for (;;) {
    const { items } = await api.get<{ items: Crd[] }>(PATH);
    if (items.every(isEstablished)) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error("the API server does not establish the custom resource definitions of Istio");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
