/** Whole command lines, with files and folders that are there, that are not, and that hold anything. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCommandLine } from "../../../compiler/cli/commands.ts";
import { Terminal } from "../../../compiler/cli/terminal.ts";
import type { Dice } from "../dice.ts";
import { mutatedBytes } from "../mutate.ts";
import { headerLine, requestLine } from "../requests.ts";
import { hostileRules, plausibleRules } from "../rules.ts";
import { expectPrintable, type Subject } from "../subject.ts";

/** Not `run`, which would start an Envoy. */
const COMMANDS = [
  "check",
  "build",
  "export",
  "explain",
  "test",
  "diff",
  "schema",
  "inspect",
  "help",
  "",
  "chek",
  "-v",
];
const WORDS =
  "text json sarif github markdown junit native wasm 0 1 80 -1 65536 1e9 80=8080 80=80=80 = , a=b a/b/c default SL0104 IST0101 all ' \u0000 \u001b[31m \u2028 é -- - GET config cases mesh gateway_80 100 101 ::1 localhost BASE ALLOW_ANY kubernetes istio oci envoy-gateway configmap image tcp://a:1 tls://a.example tcp:// tls://[::1]:x".split(
    " ",
  );
const FLAGS =
  "--format --strict --target --out --mounted-at --print --explain --config --listen-address --port-map --mesh-port --mesh-listeners --admin-port --admin-socket --ready-port --proxy-labels --proxy-namespace --proxy-locality --domain-suffix --concurrency --path-normalization --outbound-policy --secrets-directory --identity-directory --request -r -H --header --curl --http2 --at --cases --coverage --coverage-threshold --exit-code --help --version --to --output --name --image --rules-in --mount-path --gateway --alpn --nonsense -x --format=json --no-strict".split(
    " ",
  );

/** What follows is written to. */
const OUTPUTS = new Set(["--out", "--output", "-o"]);

export const commandLine: Subject = {
  name: "command line",
  share: 3,
  prepare({ corpus, folder }) {
    const files = [
      "rules.yaml",
      "bytes.yaml",
      "case.yaml",
      "sluice.yaml",
      "missing.yaml",
      "folder",
      "out",
    ].map((name) => path.join(folder, name));
    return (dice) => {
      const rules = dice.chance(0.7) ? plausibleRules(dice, corpus) : hostileRules(dice, corpus);
      const bytes = mutatedBytes(Buffer.from(dice.pick(corpus.texts)), dice);
      const cases = dice.pick(corpus.cases);
      const config = `paths: [${dice.pick(["rules.yaml", "folder", "missing.yaml", "bytes.yaml"])}]\n${dice.pick(["", "strict: true\n", "out: out\n", "targt: x\n"])}`;
      const args = argumentsOf(dice, files);
      return {
        input: {
          "rules.yaml": rules,
          "bytes.yaml": bytes,
          "sluice.yaml": config,
          "arguments.json": JSON.stringify(args),
        },
        async run() {
          rmSync(path.join(folder, "out"), { recursive: true, force: true });
          mkdirSync(path.join(folder, "folder"), { recursive: true });
          writeFileSync(path.join(folder, "rules.yaml"), rules);
          writeFileSync(path.join(folder, "bytes.yaml"), bytes);
          writeFileSync(path.join(folder, "case.yaml"), cases);
          writeFileSync(path.join(folder, "sluice.yaml"), config);
          let said = "";
          const stream = {
            write: (text: string) => {
              said += text;
            },
          };
          const code = await runCommandLine(args, new Terminal(stream, stream));
          if (/bug in Sluice|\n\s+at .*:\d+:\d+/.test(said)) {
            throw new Error(said.slice(-3000));
          }
          // JSON is for programs.
          if (!said.startsWith("{")) {
            expectPrintable(said.replaceAll("\r", ""));
          }
          if (code !== 0 && said === "") {
            throw new Error(`exit code ${code}, and not a word`);
          }
          return code === 0;
        },
      };
    };
  },
};

function argumentsOf(dice: Dice, files: readonly string[]): string[] {
  const args = [dice.pick(COMMANDS)];
  const word = (): string => {
    const kind = dice.next();
    if (kind < 0.4) {
      return dice.pick(files);
    }
    if (kind < 0.5) {
      return requestLine(dice);
    }
    if (kind < 0.55) {
      return headerLine(dice);
    }
    return dice.pick(WORDS);
  };
  if (dice.chance(0.6)) {
    args.push(files[0]!);
  }
  if (args[0] === "explain" && dice.chance(0.7)) {
    args.push("--request", requestLine(dice));
  }
  if (args[0] === "test" && dice.chance(0.7)) {
    args.push("--cases", files[2]!);
  }
  if (args[0] === "build" && dice.chance(0.7)) {
    args.push("--out", files[6]!);
  }
  if (args[0] === "export" && dice.chance(0.8)) {
    args.push("--to", dice.pick(["kubernetes", "istio", "oci", "envoy-gateway"]), "--output", files[6]!);
  }
  for (let i = dice.below(6); i > 0; i--) {
    args.push(dice.chance(0.6) ? dice.pick(FLAGS) : word());
  }
  // Outputs go to the folder only, nobody sits at standard input, and folders above are not read.
  return args
    .map((arg, i) => (OUTPUTS.has(args[i - 1] ?? "") ? files[6]! : arg))
    .filter((arg) => !/^[-./\\]+$/.test(arg));
}
