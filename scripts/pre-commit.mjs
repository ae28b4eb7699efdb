#!/usr/bin/env node
/**
 * What .pre-commit-hooks.yaml names: the command line, from the copy of this repository that pre-commit keeps. The first
 * call sets that copy up. (Hooks of `language: node` are installed by npm, which no longer lets a package build itself.)
 */

import { become, setup } from "./setup.mjs";

await setup({ quietly: true, names: ["filter", "sluice"] });
process.exitCode = await become("sluice.js", process.argv.slice(2));
