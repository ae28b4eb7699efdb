/** All programs that the tests with a real Kubernetes API server run. */

import { etcd } from "./etcd.ts";
import { kubeApiserver } from "./kube-apiserver.ts";
import { kubectl } from "./kubectl.ts";
import type { Log } from "./made-once.ts";

/** Paths of binaries, and of a file with Istio's custom resource definitions. */
export interface Programs {
  readonly kubeApiserver: string;
  readonly istioCrds: string;
  readonly etcd: string;
  readonly kubectl: string;
}

/** Makes those that are not there yet. Throws where that fails. */
export async function programs(log: Log): Promise<Programs> {
  // The cheap ones first: where one of them cannot be had, none of the minutes of the other are spent.
  const [etcdBinary, kubectlBinary] = [await etcd(log), await kubectl(log)];
  const { binary, istioCrds } = await kubeApiserver(log);
  return { kubeApiserver: binary, istioCrds, etcd: etcdBinary, kubectl: kubectlBinary };
}
