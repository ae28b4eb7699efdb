/**
 * The service `rules` of envoy/compose.yaml: compiles the rules in /rules, and ends. Envoy reads the result from the volume
 * that both mount, and takes up the next one when this runs again.
 */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { become, ROOT } from "./setup.mjs";

/** The addresses of the demo's services, as they stand in registry.yaml. */
const SUBNET = "198.51.100";
const REGISTRY = "/etc/sluice/registry.yaml";

const { SLUICE_SUBNET: subnet = SUBNET, SLUICE_OPTIONS: options = "" } = process.env;
if (/^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(subnet)) {
  const registry = await readFile(path.join(ROOT, "envoy", "bookinfo", "registry.yaml"), "utf8");
  await writeFile(REGISTRY, registry.replaceAll(`${SUBNET}.`, `${subnet}.`));
  const more = options.split(/\s+/).filter((word) => word !== "");
  process.exitCode = await become("sluice.js", [
    "build",
    "/rules",
    REGISTRY,
    ...[
      "--out",
      "/etc/sluice/build",
      "--ready-port",
      "15021",
      "--metrics-port",
      "15090",
      "--admin-port",
      "9901",
    ],
    ...more,
  ]);
} else {
  console.error(
    `SLUICE_SUBNET: "${subnet}" is not valid; use the first three numbers of a network, such as 198.51.100`,
  );
  process.exitCode = 2;
}
