/** What may be said on the command line and in `sluice.yaml`: the options of a proxy, and a few of the call itself. */

import { anyName, file, files, flag, labelSelector, namespaces, patterns } from "./options/kinds.ts";
import { type GivenOf, option } from "./options/option.ts";
import { PROXY_OPTIONS } from "./options.ts";

const { target, ...others } = PROXY_OPTIONS;

/** What has a flag in every command that compiles, in the order of `--help`. */
export const FLAG_OPTIONS = {
  target,
  strict: option(flag, { default: false, help: "count warnings as errors" }),
  quiet: option(flag, { default: false, help: "leave out notes: errors and warnings only" }),
  exclude: option(patterns, {
    default: [],
    argument: "glob",
    help: "leave out files and directories, such as charts or 'values*.yaml'; repeatable",
    inFile: "files and directories to leave out, such as `charts`, `values*.yaml` or `base/**/test`",
  }),
  meshConfig: option(file, {
    default: "",
    defaultSaid: "an IstioOperator or the ConfigMap istio among the rules",
    argument: "file",
    help: "Istio's mesh configuration: what holds where rules say nothing",
  }),
  ...others,
};

/** What has a flag in every command that can read the rules of a cluster. */
export const CLUSTER_OPTIONS = {
  kubernetes: option(flag, {
    default: false,
    help: "read the rules of a Kubernetes cluster; files that are named are laid over them",
  }),
  kubeconfig: option(file, {
    default: "",
    defaultSaid: "the pod's own account, else as kubectl finds it",
    argument: "file",
    help: "kubeconfig that says which cluster, and as whom",
  }),
  context: option(anyName, {
    default: "",
    defaultSaid: "the current one",
    argument: "name",
    help: "context of the kubeconfig",
  }),
  namespaces: option(namespaces, {
    default: [],
    defaultSaid: "all",
    argument: "a,b",
    help: "namespaces of the cluster whose objects are read",
  }),
  selector: option(labelSelector, {
    default: "",
    defaultSaid: "all",
    argument: "labels",
    help: "which of Istio's objects are read, as of kubectl -l",
  }),
};

/** What may stand in the file. */
export const FILE_OPTIONS = {
  paths: option(files, {
    default: [],
    help: "files and directories of rules, as seen from this file's folder",
  }),
  out: option(file, { default: "", help: "where `sluice build` writes, as seen from this file's folder" }),
  ...FLAG_OPTIONS,
  ...CLUSTER_OPTIONS,
};

/** Values as they stand in the file, paths resolved against its folder; they are checked as those of flags are. */
export type FileOptions = GivenOf<typeof FILE_OPTIONS>;
