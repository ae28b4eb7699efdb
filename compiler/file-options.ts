/** What may be said on the command line and in `sluice.yaml`: the options of a proxy, and a few of the call itself. */

import { file, files, flag, patterns } from "./options/kinds.ts";
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
  ...others,
};

/** What may stand in the file. */
export const FILE_OPTIONS = {
  paths: option(files, {
    default: [],
    help: "files and directories of rules, as seen from this file's folder",
  }),
  out: option(file, { default: "", help: "where `sluice build` writes, as seen from this file's folder" }),
  ...FLAG_OPTIONS,
};

/** Values as they stand in the file, paths resolved against its folder; they are checked as those of flags are. */
export type FileOptions = GivenOf<typeof FILE_OPTIONS>;
