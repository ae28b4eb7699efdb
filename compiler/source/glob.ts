/** Patterns for paths, as shells and `.gitignore` have them: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of folders. */

import path from "node:path";

/**
 * Whether any of the patterns matches a path. One without a slash is held against the last name of the path, so that it matches at any
 * depth; one with a slash against the whole path: as seen from the folder that is searched (`inFolder`), as the user would write
 * it (`name`), and from the root.
 */
export function globMatcher(patterns: readonly string[]): (name: string, inFolder?: string) => boolean {
  const globs = patterns.map((pattern) => {
    const text = pattern.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
    return { expression: expressionOf(text), isWhole: text.includes("/") };
  });
  return (name, inFolder = name) => {
    if (globs.length === 0) {
      return false;
    }
    const whole = [inFolder, path.normalize(name), path.resolve(name)].map(withSlashes);
    return globs.some(({ expression, isWhole }) =>
      isWhole ? whole.some((one) => expression.test(one)) : expression.test(path.basename(name)),
    );
  };
}

function withSlashes(name: string): string {
  return path.sep === "/" ? name : name.replaceAll(path.sep, "/");
}

/** A bracket or brace without its end stands for itself. */
const TOKEN = /\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|\{[^{}]*\}|[\s\S]/g;

function expressionOf(glob: string): RegExp {
  return new RegExp(`^${sourceOf(glob)}$`, "s");
}

function sourceOf(glob: string): string {
  return glob.replace(TOKEN, (token) => {
    switch (token) {
      case "**/":
        return "(?:.*/)?";
      case "**":
        return ".*";
      case "*":
        return "[^/]*";
      case "?":
        return "[^/]";
    }
    if (token.length > 2 && token.startsWith("[")) {
      return token.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    }
    if (token.length > 1) {
      return `(?:${token.slice(1, -1).split(",").map(sourceOf).join("|")})`;
    }
    return token.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
}
