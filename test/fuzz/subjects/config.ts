/** `sluice.yaml`: read into options, or refused in words. */

import { parseConfig } from "../../../compiler/cli/config-file.ts";
import { UsageError } from "../../../compiler/cli/exit.ts";
import { readProxyOptions } from "../../../compiler/cli/proxy-options.ts";
import { mutatedText, mutatedValue } from "../mutate.ts";
import type { Subject } from "../subject.ts";
import { trap } from "../traps.ts";

const CONFIG = {
  paths: ["rules", "more.yaml", "-"],
  out: "build",
  target: "native",
  strict: true,
  listenAddress: "::1",
  portMap: { "80": 8080, "443": 8443 },
  meshPort: 15001,
  meshListeners: true,
  adminPort: 9901,
  readyPort: 15021,
  metricsPort: 15090,
  proxyLabels: { app: "a", istio: "ingressgateway" },
  proxyNamespace: "default",
  proxyLocality: "a/b/c",
  domainSuffix: "cluster.local",
  concurrency: 2,
  pathNormalization: "BASE",
  outboundPolicy: "ALLOW_ANY",
  secretsDirectory: "secrets",
  identityDirectory: "identity",
};

export const config: Subject = {
  name: "config",
  share: 6,
  prepare() {
    return (dice) => {
      let value: unknown = CONFIG;
      for (let i = 1 + dice.below(3); i > 0; i--) {
        value = mutatedValue(value, dice);
      }
      const json = JSON.stringify(value);
      const block = Object.entries(CONFIG)
        .map(([key, one]) => `${key}: ${JSON.stringify(one)}\n`)
        .join("");
      const text = dice.chance(0.1) ? trap(dice) : dice.chance(0.5) ? json : mutatedText(block, dice);
      return {
        input: { "sluice.yaml": text },
        run() {
          try {
            readProxyOptions(parseConfig("sluice.yaml", text), { listenAddress: "127.0.0.1" });
            return true;
          } catch (error) {
            if (!(error instanceof UsageError) || error.message === "") {
              throw error;
            }
            return false;
          }
        },
      };
    };
  },
};
