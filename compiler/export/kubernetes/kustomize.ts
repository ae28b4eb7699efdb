/** Manifests as a kustomization: `kubectl apply -k DIR`. */

import type { FileContents } from "../../run/delivery/output-files.ts";
import { generators } from "./config-maps.ts";
import { yaml } from "./manifest.ts";
import type { Manifests, Resources } from "./manifests.ts";

/** Files by path. What not every cluster can take is a kustomization of its own, in a folder of its own. */
export function kustomizationOf({
  namespace,
  resources,
  optional,
  maps,
  files,
}: Manifests): Map<string, FileContents> {
  return new Map<string, FileContents>([
    ...files,
    ...tree(resources, generators(maps, namespace)),
    ...Object.entries(optional).flatMap(([folder, own]) =>
      tree(own, {}).map(([file, text]): [string, string] => [`${folder}/${file}`, text]),
    ),
  ]);
}

function tree(resources: Resources, more: object): [string, string][] {
  return [
    ...Object.entries(resources).map(([file, resource]): [string, string] => [file, yaml(resource)]),
    ["kustomization.yaml", yaml({ ...KUSTOMIZATION, resources: Object.keys(resources), ...more })],
  ];
}

const KUSTOMIZATION = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };
