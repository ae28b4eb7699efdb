/** What kubectl and `sluice --kubeconfig` read. */

import type { Credentials } from "./api-client.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** JSON is YAML. */
export function kubeconfig(
  { server, authority, token, certificate, key }: Credentials,
  namespace = "default",
): string {
  const name = "tests";
  return JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      clusters: [{ name, cluster: { server, "certificate-authority-data": base64(authority) } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
      users: [
        {
          name,
          user: {
            ...(token !== undefined && { token }),
            ...(certificate !== undefined && { "client-certificate-data": base64(certificate) }),
            ...(key !== undefined && { "client-key-data": base64(key) }),
          },
        },
      ],
    },
    null,
    2,
  );
}
