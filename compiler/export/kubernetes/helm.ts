/**
 * Manifests as a Helm chart: `helm install NAME DIR`. Its templates are the same resources, with the fields that differ from cluster to
 * cluster taken from `values.yaml`, whose defaults are what the fields have: with these a chart renders what a kustomization is.
 *
 * A template is made from the finished text, so that nothing which is in it by chance is taken for a template.
 */

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { packageRoot } from "../../platform/package-root.ts";
import { bytesOf, type FileContents } from "../../run/delivery/output-files.ts";
import type { FileMap } from "./config-maps.ts";
import { yaml } from "./manifest.ts";
import type { Manifests, Resources, Setting } from "./manifests.ts";

/** The namespace that a chart is installed in, for whoever makes manifests of one. */
export const RELEASE_NAMESPACE = "{{ .Release.Namespace }}";

/** Files by path, below the folder of the chart. */
export function chartOf(manifests: Manifests): Map<string, FileContents> {
  const { name, resources, optional, settings } = manifests;
  const { version } = packageRoot();
  const values = new Values();
  const templates = (own: Resources, wrap: (text: string) => string) =>
    Object.entries(own).map(([file, resource]): [string, FileContents] => {
      const ownSettings = settings.filter((setting) => setting.file === file);
      const withDigest = digested(resource, manifests);
      return [`templates/${file}`, wrap(templateOf(withDigest, ownSettings, values))];
    });
  const always = templates(resources, (text) => text);
  const wanted = Object.entries(optional).flatMap(([group, own]) => {
    const value = `${camelCase(group)}.enabled`;
    values.set(value, false);
    return templates(own, (text) => `{{- if .Values.${value} }}\n${text}{{- end }}\n`);
  });
  return new Map<string, FileContents>([
    [
      "Chart.yaml",
      yaml({
        apiVersion: "v2",
        name,
        description: "Envoys that obey Istio's traffic rules, as Sluice compiles them",
        type: "application",
        version,
        appVersion: version,
      }),
    ],
    ["values.yaml", yaml(values.tree)],
    ...always,
    ...wanted,
    ...manifests.maps.map((map): [string, FileContents] => [
      `templates/${map.name}.yaml`,
      escaped(yaml(resourceOf(map, manifests))),
    ]),
  ]);
}

/** A ConfigMap or a Secret with all its files. */
export function resourceOf(
  { name, secret, folder, entries }: FileMap,
  { files, namespace }: Pick<Manifests, "files" | "namespace">,
): object {
  const metadata = { ...(namespace !== undefined && { namespace }), name };
  const contents = entries.map(({ key, path }) => [key, files.get(`${folder}/${path}`)!] as const);
  const base64 = (all: typeof contents) =>
    Object.fromEntries(all.map(([key, one]) => [key, Buffer.from(bytesOf(one)).toString("base64")]));
  if (secret) {
    return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data: base64(contents) };
  }
  const texts = contents.filter(([, one]) => isUtf8(bytesOf(one)));
  const others = contents.filter(([, one]) => !isUtf8(bytesOf(one)));
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    ...(texts.length > 0 && {
      data: Object.fromEntries(texts.map(([key, one]) => [key, Buffer.from(bytesOf(one)).toString("utf8")])),
    }),
    ...(others.length > 0 && { binaryData: base64(others) }),
  };
}

/** Pods are made anew for files that Kustomize would give another name. */
function digested(resource: object, { maps, files }: Manifests): object {
  const { kind, spec } = resource as {
    kind?: string;
    spec?: { template?: { metadata?: object; spec?: object } };
  };
  const mounted = kind === "Deployment" ? JSON.stringify(spec?.template?.spec) : "";
  const named = maps.filter(({ name, inPlace }) => !inPlace && mounted.includes(JSON.stringify(name)));
  if (named.length === 0) {
    return resource;
  }
  const hash = createHash("sha256");
  for (const { folder, entries } of named) {
    for (const { path } of entries) {
      hash.update(bytesOf(files.get(`${folder}/${path}`)!));
    }
  }
  const digest = hash.digest("hex").slice(0, 16);
  const { template } = spec!;
  const { annotations, ...own } = (template!.metadata ?? {}) as { annotations?: object };
  const metadata = { ...own, annotations: { ...annotations, "checksum/files": digest } };
  return { ...resource, spec: { ...spec, template: { ...template, metadata } } };
}

/** Values by their names, as `values.yaml` nests them. */
class Values {
  readonly tree: Record<string, unknown> = {};

  set(name: string, value: unknown): void {
    const path = name.split(".");
    let at = this.tree;
    for (const step of path.slice(0, -1)) {
      at[step] ??= {};
      at = at[step] as Record<string, unknown>;
    }
    at[path.at(-1)!] = value;
  }
}

function templateOf(resource: object, settings: readonly Setting[], values: Values): string {
  const marked = structuredClone(resource) as Record<string | number, unknown>;
  const marks = new Map<string, string>();
  for (const { value, field } of settings) {
    let at = marked;
    for (const step of field.slice(0, -1)) {
      at = at[step] as Record<string | number, unknown>;
    }
    const last = field.at(-1)!;
    const mark = `sluice-value-${marks.size}-`;
    values.set(value, at[last]);
    at[last] = mark;
    marks.set(mark, `{{ .Values.${value} | toJson }}`);
  }
  let text = escaped(yaml(marked));
  for (const [mark, expression] of marks) {
    text = text.replace(mark, () => expression);
  }
  return text;
}

/** What is in a text by chance is not a template; the namespace is meant. */
function escaped(text: string): string {
  return text
    .split(RELEASE_NAMESPACE)
    .map((part) => part.replaceAll("{{", '{{ "{{" }}'))
    .join(RELEASE_NAMESPACE);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
