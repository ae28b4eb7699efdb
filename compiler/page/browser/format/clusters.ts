/** Names of clusters for people. Istio's form is `outbound|9080|v1|reviews.default.svc.cluster.local`. */

/** What a cluster is called in a narrow column; whatever has another form keeps its name. */
export function clusterTitle(name: string): { readonly host: string; readonly subset: string } {
  const parts = name.split("|");
  if (parts.length !== 4 || parts[0] !== "outbound") {
    return { host: name, subset: "" };
  }
  const [, port, subset, host] = parts;
  const short = host!.replace(/\.svc\.[a-z0-9.-]+$/, "").replace(/\.default$/, "");
  return { host: `${short}:${port}`, subset: subset! };
}

/** The same in one text: `reviews:9080 v1`. */
export function clusterText(name: string): string {
  const { host, subset } = clusterTitle(name);
  return subset === "" ? host : `${host} ${subset}`;
}
