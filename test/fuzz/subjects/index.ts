import type { Subject } from "../subject.ts";
import { build } from "./build.ts";
import { cases } from "./cases.ts";
import { check } from "./check.ts";
import { commandLine } from "./command-line.ts";
import { config } from "./config.ts";
import { diff } from "./diff.ts";
import { explain } from "./explain.ts";
import { program } from "./program.ts";
import { request } from "./request.ts";
import { scale } from "./scale.ts";
import { token } from "./token.ts";

export const SUBJECTS: readonly Subject[] = [
  check,
  build,
  explain,
  cases,
  diff,
  config,
  request,
  program,
  commandLine,
  scale,
  token,
];
