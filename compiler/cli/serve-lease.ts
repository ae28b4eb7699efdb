/** `sluice serve --lease`: servers in a cluster that share no folder, of which the holder of a Lease decides. */

import { type Command, Option } from "commander";
import {
  advertisedAddress,
  checkListening,
  Keeper,
  type KubernetesClient,
  ListenError,
  openLeasedKeeper,
  type ServeFleetOptions,
} from "../index.ts";
import { UsageError } from "./exit.ts";

export interface LeaseFlags {
  readonly listen: string;
  readonly state?: string;
  readonly lease?: string;
  readonly advertise?: string;
  readonly tlsClientCa?: string;
  readonly status: "on" | "off";
}

/** What `--lease` comes to. */
export interface LeaseChoice {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
}

/** What a fleet and its server need of each other where there is a state. */
export type OpenKeeper = { readonly keeper?: Keeper } & Pick<ServeFleetOptions, "replicas">;

export function addLeaseOptions(command: Command): Command {
  const options = [
    new Option(
      "--lease <namespace/name>",
      "servers share no folder, and whoever holds this Lease decides on roll-outs; made if it is not there",
    ),
    new Option(
      "--advertise <addr:port>",
      "where the other servers reach this one, such as $(POD_IP):15010 (default: the address of --listen)",
    ),
    new Option(
      "--status <when>",
      "write conditions of the cluster's objects, and Events of roll-outs that stop",
    )
      .choices(["on", "off"])
      .default("on"),
  ];
  for (const option of options) {
    command.addOption(option.helpGroup("The cluster:"));
  }
  return command;
}

/** Undefined where no Lease is asked for. */
export function readLease(flags: LeaseFlags, hasCluster: boolean): LeaseChoice | undefined {
  const { lease, advertise, listen, state, tlsClientCa } = flags;
  if (lease === undefined) {
    if (advertise !== undefined) {
      throw new UsageError("--advertise is for --lease; name the Lease, such as istio-system/sluice");
    }
    return undefined;
  }
  const [, namespace, name] =
    /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/.exec(lease) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new UsageError(
      `--lease: "${lease}" is not valid; use a namespace and a name, such as istio-system/sluice`,
    );
  }
  if (!hasCluster) {
    throw new UsageError("--lease needs --kubernetes, since the Lease is in the cluster");
  }
  if (state === undefined) {
    throw new UsageError(
      "--lease needs --state, a folder of this server's own in which it keeps what it follows",
    );
  }
  try {
    checkListening({
      listen,
      identity: { ...(tlsClientCa && { clientCa: tlsClientCa }) },
      allowPlainText: true,
      handsOverState: true,
    });
    return { namespace, name, address: advertisedAddress(listen, advertise) };
  } catch (error) {
    throw error instanceof ListenError ? new UsageError(error.message) : error;
  }
}

/** The keeper of the state, if there is to be one. */
export async function openKeeper(
  state: string | undefined,
  lease: (LeaseChoice & { readonly client: KubernetesClient }) | undefined,
  onNotice: (line: string) => void,
): Promise<OpenKeeper> {
  if (state === undefined) {
    return {};
  }
  return lease === undefined
    ? { keeper: await Keeper.open({ directory: state, onNotice }) }
    : openLeasedKeeper({ ...lease, directory: state, onNotice });
}
