/**
 * The filter as a policy of Istio's or Envoy Gateway's, in an Envoy whose routes they write: a policy for each listener,
 * since each has a program of its own.
 */

import { stringify } from "yaml";
import type { Compilation } from "../compile.ts";
import { guestConfiguration } from "./guest.ts";
import type { ImageName } from "./image-name.ts";
import { TooLargeError } from "./too-large.ts";

/** Where the filter is, and which one it is. */
type FilterImage = ImageName & { readonly digest: string };

/** What a Kubernetes API server takes is limited to 1.5 MiB an object by etcd; the rest of the object is small. */
const LARGEST_POLICY = 1_400_000;

/**
 * A `WasmPlugin` for each listener. What istiod compares `match.ports` with is the port that the Pod listens on at a
 * gateway (`targetPort` of its Service: `--port-map`), and the port of the service in a sidecar. (https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/)
 */
export function wasmPlugins(
  { config, blobs }: Compilation,
  image: FilterImage,
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): Map<string, string> {
  return documents(
    config.listeners.map(({ name: listener, role, port, servicePort }) => ({
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "WasmPlugin",
      metadata: { name: nameOf(name, listener) },
      spec: {
        // Rules of the mesh are for whoever calls: all workloads of the namespace that it is applied to.
        ...(role === "gateway" && { selector: { matchLabels: { ...labels } } }),
        // A gateway counts as a client: its requests go out.
        match: [{ mode: "CLIENT", ports: [{ number: role === "gateway" ? port : servicePort }] }],
        url: `oci://${image.repository}@${image.digest}`,
        // Behind authentication and authorization, next to the router.
        phase: "STATS",
        failStrategy: "FAIL_CLOSE",
        pluginName: listener,
        pluginConfig: guestConfiguration(blobs.get(listener)!),
      },
    })),
  );
}

/** An `EnvoyExtensionPolicy` for a listener (https://gateway.envoyproxy.io/docs/api/extension_types/). */
export function extensionPolicy(
  { blobs }: Compilation,
  listener: string,
  image: FilterImage,
  { name, gateway, section }: { readonly name: string; readonly gateway: string; readonly section?: string },
): Map<string, string> {
  return documents([
    {
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "EnvoyExtensionPolicy",
      metadata: { name: nameOf(name, listener) },
      spec: {
        targetRefs: [
          {
            group: "gateway.networking.k8s.io",
            kind: "Gateway",
            name: gateway,
            ...(section !== undefined && { sectionName: section }),
          },
        ],
        wasm: [
          {
            name: listener,
            rootID: listener,
            failOpen: false,
            code: {
              type: "Image",
              image: { url: nameOfTag(image), sha256: image.digest.replace("sha256:", "") },
            },
            config: guestConfiguration(blobs.get(listener)!),
          },
        ],
      },
    },
  ]);
}

interface Policy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** By the file that each is in. */
function documents(policies: readonly Policy[]): Map<string, string> {
  return new Map(
    policies.map((policy) => {
      const text = stringify(policy, { lineWidth: 0, aliasDuplicateObjects: false });
      if (text.length > LARGEST_POLICY) {
        throw new TooLargeError(
          `${policy.metadata.name} has ${text.length} bytes, but a cluster accepts only about 1.5 MB; run a separate proxy instead: --to kubernetes --rules-in image`,
        );
      }
      return [`${policy.metadata.name}.yaml`, text];
    }),
  );
}

function nameOfTag({ repository, tag, digest }: FilterImage): string {
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;
}

/** As Kubernetes takes names. */
function nameOf(name: string, listener: string): string {
  return `${name}-${listener}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
