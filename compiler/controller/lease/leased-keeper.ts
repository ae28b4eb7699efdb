/** The keeper of a fleet whose servers run in a cluster: a Lease says who decides, and each has a folder of its own. */

import { Keeper } from "../../fleet/keeper.ts";
import type { PeerReport } from "../../fleet/peer-proxies.ts";
import { Replicas } from "../../fleet/replica/replicas.ts";
import { type OnNotice, termFiles } from "../../fleet/store/state-directory.ts";
import type { KubernetesClient } from "../../kubernetes/client/kubernetes-client.ts";
import { KubernetesLease } from "./kubernetes-lease.ts";

export interface LeasedKeeperOptions {
  readonly client: Pick<KubernetesClient, "request">;
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Where the other servers reach this one, `address:port`: where it serves proxies. */
  readonly address: string;
  /** Where the state is kept. */
  readonly directory: string;
  readonly onNotice: OnNotice;
}

export interface LeasedKeeper {
  readonly keeper: Keeper;
  /** For `serveFleet`. */
  readonly replicas: Replicas<PeerReport>;
}

/** Throws an `EnvironmentError` where the folder cannot be had. */
export async function openLeasedKeeper(options: LeasedKeeperOptions): Promise<LeasedKeeper> {
  const { client, namespace, name, address, directory, onNotice } = options;
  let made: Replicas<PeerReport> | undefined;
  const keeper = await Keeper.open({
    directory,
    onNotice,
    apart(store, id) {
      const replicas = new Replicas<PeerReport>({ id, store, onNotice });
      made = replicas;
      const leadership = new KubernetesLease({
        client,
        namespace,
        name,
        identity: id,
        address,
        newestTerm: async () => (await termFiles(store.directory, "journal"))[0]?.term ?? 0,
        onHolder: (holder) => replicas.follow(holder?.identity === id ? undefined : holder?.address),
        onNotice,
      });
      return { leadership, peers: replicas };
    },
  });
  return { keeper, replicas: made! };
}
