/** Completions for shells, as texts that they read when they start. Nothing of Sluice runs when a key is pressed. */

import type { CompletedOption, CompletionTable, Expected } from "./completion-table.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, (table: CompletionTable) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Finds the words around the cursor; bash takes `--color=auto` for three of them. */
const BASH_WORDS = `  local current previous command word
  COMPREPLY=()
  current="\${COMP_WORDS[COMP_CWORD]}"
  previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$current" = "=" ]; then
    current=""
  elif [ "$previous" = "=" ]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  command=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in`;

/** Where nothing is offered, bash offers files (`-o default`). Works with the bash 3.2 of macOS. */
function bashScript({ commands, options }: CompletionTable): string {
  const names = commands.map(({ name }) => name);
  const flagsOf = ({ short, long }: CompletedOption) => [...(short ? [`-${short}`] : []), `--${long}`];
  const flags = (own: readonly CompletedOption[]) => ({ words: [...own, ...options].flatMap(flagsOf) });
  /** `before` is what stands before a flag in a pattern of `case`: a command, or any. */
  const values = (before: string, some: readonly CompletedOption[]) =>
    some.flatMap((option) =>
      option.value === undefined
        ? []
        : [
            `    ${flagsOf(option)
              .map((flag) => `${before}${flag}"`)
              .join("|")}) ${bashOffer(option.value)}; return ;;`,
          ],
    );
  return `${[
    '# Completion of sluice for bash: eval "$(sluice completion bash)" in ~/.bashrc',
    "_sluice() {",
    BASH_WORDS,
    `      ${names.join("|")}) command="$word"; break ;;`,
    "    esac",
    "  done",
    '  case "$command $previous" in',
    ...values('*" ', options),
    ...commands.flatMap(({ name, options: own }) => values(`"${name} `, own)),
    "  esac",
    '  case "$command $current" in',
    ...commands.map(({ name, options: own }) => `    "${name} -"*) ${bashOffer(flags(own))} ;;`),
    `    " -"*) ${bashOffer(flags([]))} ;;`,
    `    " "*) ${bashOffer({ words: names })} ;;`,
    ...commands.flatMap(({ name, argument }) =>
      typeof argument === "object" ? [`    "${name} "*) ${bashOffer(argument)} ;;`] : [],
    ),
    "  esac",
    "}",
    "complete -o default -F _sluice sluice",
  ].join("\n")}\n`;
}

function bashOffer(expected: Expected): string {
  return typeof expected === "object"
    ? `COMPREPLY=($(compgen -W '${expected.words.join(" ")}' -- "$current"))`
    : ":";
}

function zshScript({ commands, options }: CompletionTable): string {
  const specs = (some: readonly CompletedOption[]) => some.map((option) => `        ${zshOption(option)} \\`);
  return `${[
    "#compdef sluice",
    "# Completion of sluice for zsh: sluice completion zsh > a folder of $fpath, as _sluice",
    "_sluice() {",
    '  local context state state_descr line curcontext="$curcontext"',
    "  typeset -A opt_args",
    "  _arguments -C \\",
    ...options.map((option) => `    ${zshOption(option)} \\`),
    "    '1:command:->command' '*::argument:->argument'",
    '  case "$state" in',
    "    command)",
    "      local -a commands=(",
    ...commands.map(({ name, description }) => `        ${shellQuoted(`${name}:${description}`)}`),
    "      )",
    "      _describe command commands ;;",
    "    argument)",
    '      case "$words[1]" in',
    ...commands.flatMap(({ name, options: own, argument }) => [
      `      ${name}) _arguments \\`,
      ...specs([...own, ...options]),
      `        '*:argument:${zshAction(argument)}' ;;`,
    ]),
    "      esac ;;",
    "  esac",
    "}",
    'if [ "$funcstack[1]" = "_sluice" ]; then',
    '  _sluice "$@"',
    "else",
    "  compdef _sluice sluice",
    "fi",
  ].join("\n")}\n`;
}

function zshOption({ short, long, description, value }: CompletedOption): string {
  const rest = `[${description.replace(/[[\]\\]/g, "\\$&")}]${value === undefined ? "" : `:value:${zshAction(value)}`}`;
  return short === undefined
    ? shellQuoted(`*--${long}${rest}`)
    : `'*'{-${short},--${long}}${shellQuoted(rest)}`;
}

function zshAction(expected: Expected): string {
  return typeof expected === "object"
    ? `(${expected.words.join(" ")})`
    : expected === "file"
      ? "_files"
      : " ";
}

function fishScript({ commands, options }: CompletionTable): string {
  const names = commands.map(({ name }) => name);
  return `${[
    "# Completion of sluice for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish",
    ...options.map((option) => `complete -c sluice ${fishOption(option)}`),
    ...commands.map(
      ({ name, description }) =>
        `complete -c sluice -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(description)}`,
    ),
    ...commands.flatMap(({ name, options: own, argument }) => {
      const seen = `complete -c sluice -n '__fish_seen_subcommand_from ${name}'`;
      return [
        ...own.map((option) => `${seen} ${fishOption(option)}`),
        ...(typeof argument === "object" ? [`${seen} -f -a '${argument.words.join(" ")}'`] : []),
      ];
    }),
    `# Where no command is named yet, files are of no use.`,
    `complete -c sluice -n 'not __fish_seen_subcommand_from ${names.join(" ")}' -f`,
  ].join("\n")}\n`;
}

function fishOption({ short, long, description, value }: CompletedOption): string {
  const takes =
    value === undefined
      ? []
      : typeof value === "object"
        ? [`-x -a '${value.words.join(" ")}'`]
        : [value === "file" ? "-r -F" : "-x"];
  return [...(short ? [`-s ${short}`] : []), `-l ${long}`, ...takes, `-d ${fishQuoted(description)}`].join(
    " ",
  );
}

/** As zsh takes it. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
