/** YAML that is made to hurt whoever reads it: depth, aliases, sizes, and keys with a meaning of their own. */

import type { Dice } from "./dice.ts";

type Trap = (dice: Dice) => string;

const LETTERS = [..."abcdefghijklmnop"];
const HEAD = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n";

/** Depths and sizes are small as a rule, so that many of them can be tried. */
const TRAPS: readonly Trap[] = [
  (dice) => dice.pick(["[", "{a: ", "- ", "? ", "a: ", "- - "]).repeat(1 + dice.small(3000)),
  (dice) => {
    const depth = 1 + dice.small(200);
    return `${HEAD}spec: ${"[".repeat(depth)}${"]".repeat(depth - dice.below(2))}`;
  },
  (dice) =>
    Array.from({ length: 1 + dice.small(300) }, (_, i) => `${" ".repeat(i)}${dice.pick(LETTERS)}:`).join(
      "\n",
    ),
  aliasBomb,
  (dice) => `a: &a [*${dice.pick(["a", "b"])}, &b [*a, *b]]\n`,
  (dice) =>
    `x: &x { hosts: [a.example] }\n${HEAD}metadata: { name: a }\nspec: { <<: ${dice.pick(["*x", "[*x, *x]", "*y", "{}", "7", "[[*x]]", "{ <<: *x }"])} }\n`,
  (dice) =>
    `${HEAD}metadata: { name: a, name: ${dice.pick(["a", "b", "{}", "~"])} }\nspec: { hosts: [a.example], hosts: [b.example] }\n`,
  (dice) =>
    `${HEAD}metadata: { name: a }\nspec:\n  hosts: [a.example]\n  ${dice.pick(["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"])}: ${dice.pick(["{ http: [] }", "1", "[]", "{ constructor: { prototype: { polluted: 1 } } }"])}\n`,
  (dice) =>
    `${HEAD}metadata: { name: ${scalar(dice)}, labels: { ${scalar(dice)}: ${scalar(dice)} } }\nspec:\n  hosts: [${scalar(dice)}]\n  http:\n  - timeout: ${scalar(dice)}\n    match: [{ port: ${scalar(dice)}, uri: { exact: ${scalar(dice)} } }]\n    route: [{ destination: { host: ${scalar(dice)}, port: { number: ${scalar(dice)} } }, weight: ${scalar(dice)} }]\n`,
  (dice) => `${HEAD}metadata: {name: "${"x".repeat(dice.small(200_000))}"}\n`,
  (dice) =>
    `${dice.pick(["#", "-", ":", "\0", "\ufeff", "---\n", "\u2028", "%", "&", "*", "!"])}`.repeat(
      1 + dice.small(20_000),
    ),
  (dice) =>
    `# sluice: ignore ${dice.pick(["SL0801", "SL0104", "SL9999", "", "SL0801 why"])}\n`.repeat(
      1 + dice.small(500),
    ),
  (dice) =>
    `${HEAD}metadata: { name: a }\nspec:\n  hosts: [${Array.from({ length: dice.small(2000) }, (_, i) => `h${i}.example`).join()}]\n  http: [{ route: [{ destination: { host: a } }] }]\n`,
  regexTrap,
];

/** Scalars that YAML 1.1, YAML 1.2, JSON and Kubernetes read in different ways. */
const SCALARS: readonly string[] = [
  ..."~ null Null true on no y 0 -0 0o17 017 0x1F 0b1 1_000 1e3 1e999 -1e999 .5 5. . .inf -.Inf .nan".split(
    " ",
  ),
  ..."18446744073709551616 9007199254740993 1:30 190:20:30 2001-12-14 2001-12-14t21:59:43.10-05:00".split(
    " ",
  ),
  ...'!!str !!int !!binary,eA== !!set{} !local ! = << \'\' "\\ud800" "\\0" "\\x41" \'<<\' {} [] {{}:{}} [[]]'.split(
    " ",
  ),
  "? x",
  "!!float 1",
  "!!timestamp 2001-01-01",
  '"a\\\n b"',
  "|\n a",
  "1s",
  "1h2m3.5s",
  "99999999999999999999s",
  "-1ns",
];

const scalar = (dice: Dice) => dice.pick(SCALARS);

function aliasBomb(dice: Dice): string {
  const width = 2 + dice.below(9);
  const depth = 1 + dice.below(LETTERS.length - 1);
  const lines = [`a: &a [${Array(width).fill("x").join()}]`];
  for (let i = 1; i <= depth; i++) {
    const inner = Array(width)
      .fill(`*${LETTERS[i - 1]}`)
      .join();
    lines.push(
      `${LETTERS[i]}: &${LETTERS[i]} ${
        dice.chance(0.5)
          ? `[${inner}]`
          : `{ ${inner
              .split(",")
              .map((alias, at) => `k${at}: ${alias}`)
              .join()} }`
      }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

const REGEX_PARTS: readonly string[] = [
  ..."a b . .* .+ .*? (a|b) [a-z] [^/] \\d \\w+ \\pL \\p{Greek} (?i) (?P<n>x) ^ $ \\b \\C \\x{10ffff} [[:alpha:]] | ( ) [ ] * + ? {2} {1,1000} {1000} {,5} \\ \\Q \\E é \u{1f600} (?= \\1 (?:a*)* (x+x+)+y".split(
    " ",
  ),
];

function regexTrap(dice: Dice): string {
  const expressions = Array.from({ length: 1 + dice.below(4) }, () =>
    Array.from({ length: dice.below(9) }, () => dice.pick(REGEX_PARTS)).join(""),
  );
  const rules = expressions.map((regex) => ({
    match: [
      { uri: { regex } },
      { headers: { x: { regex } }, queryParams: { q: { regex } }, uri: { prefix: "/" } },
    ],
    rewrite: dice.chance(0.3) ? { uriRegexRewrite: { match: regex, rewrite: "/\\1" } } : undefined,
    route: [{ destination: { host: "s.example", port: { number: 80 } } }],
  }));
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "trap" },
    spec: { hosts: ["s.example"], http: rules },
  });
}

export function trap(dice: Dice): string {
  return dice.pick(TRAPS)(dice);
}
