/** `sluice.yaml`, for editors. What reads it (compiler/cli/config-file.ts) checks more, and says it better. */

import { DEFAULT_PROXY_OPTIONS } from "../../../options.ts";
import { boolean, list, map, object, oneOf, type Schema, string } from "./build.ts";

const port = (least: number): Schema => ({ type: "integer", minimum: least, maximum: 65535 });
const described = (schema: Schema, description: string): Schema => ({ ...schema, description });
const { meshPort, adminPort, proxyNamespace, domainSuffix } = DEFAULT_PROXY_OPTIONS;

export const configFile: Schema = object({
  paths: described(
    { anyOf: [string, list(string)] },
    "Files and directories of rules, as seen from this file's folder.",
  ),
  out: described(string, "Where `sluice build` writes, as seen from this file's folder."),
  target: described(oneOf("wasm", "native"), "What Envoy decides with: our filter, or its own routes."),
  strict: described(boolean, "Count warnings as errors."),
  listenAddress: described(string, "IP address that listeners bind."),
  portMap: described(
    {
      anyOf: [
        { type: "object", additionalProperties: port(1), propertyNames: { pattern: "^[0-9]{1,5}$" } },
        list({ type: "string", pattern: "^[0-9]{1,5}=[0-9]{1,5}$" }),
      ],
    },
    "Port of the rules → port bound instead.",
  ),
  meshPort: described(port(0), `Port of the outbound listener, 0 for none; ${meshPort} unless said.`),
  meshListeners: described(
    boolean,
    "Also an outbound listener for each port of a service, as a sidecar has them.",
  ),
  adminPort: described(port(0), `Port of Envoy's admin interface; ${adminPort} unless said.`),
  proxyLabels: described(
    { anyOf: [map({ type: ["string", "number", "boolean"] }), list(string)] },
    "Labels of this proxy, for a Gateway's selector.",
  ),
  proxyNamespace: described(string, `Namespace of this proxy; ${proxyNamespace} unless said.`),
  proxyLocality: described(string, "Where this proxy runs: region/zone/sub-zone."),
  domainSuffix: described(string, `Suffix of Kubernetes service names; ${domainSuffix} unless said.`),
  concurrency: described(
    { type: "integer", minimum: 0, maximum: 1024 },
    "Envoy's worker threads, 0 for one each core.",
  ),
  pathNormalization: described(
    oneOf("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
    "Istio's meshConfig.pathNormalization.",
  ),
  secretsDirectory: described(string, "A folder for each credentialName, as Kubernetes mounts a Secret."),
  outboundPolicy: described(
    oneOf("REGISTRY_ONLY", "ALLOW_ANY"),
    "Whether the mesh listeners pass requests for unknown hosts on; ALLOW_ANY unless said.",
  ),
});
