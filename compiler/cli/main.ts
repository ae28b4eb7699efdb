/** The program `sluice`. */

import { runCommandLine } from "./commands.ts";
import { processTerminal } from "./terminal.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
