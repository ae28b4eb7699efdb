/**
 * Links of documents, for the site. They are written for GitHub: relative to the file that they stand in, and some of them
 * lead to source code. On the site a document may have another place, and source code has none: its path is shown instead.
 */

import path from "node:path";
import type { MarkdownEnv, MarkdownRenderer } from "vitepress";
import { ROOT, SITE_PAGES, targetOf } from "../../scripts/docs/site-pages.ts";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

export function siteLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("site-links", ({ tokens, env }) => {
    const { realPath, path: file } = env as MarkdownEnv;
    const page = path.relative(ROOT, realPath ?? file).replaceAll(path.sep, "/");
    for (const token of tokens) {
      if (token.children !== null) {
        token.children = relinked(token.children, page);
      }
    }
  });
}

function relinked(tokens: readonly Token[], page: string): Token[] {
  const result: Token[] = [];
  let at = 0;
  while (at < tokens.length) {
    const token = tokens[at]!;
    const href = token.type === "link_open" ? token.attrGet("href") : null;
    if (href === null || /^(#|\w+:)/.test(href)) {
      result.push(token);
      at += 1;
      continue;
    }
    const end = tokens.findIndex(({ type }, index) => index > at && type === "link_close");
    const text = tokens.slice(at + 1, end);
    const { file, anchor } = targetOf(page, href);
    const shown = SITE_PAGES[file];
    if (shown === undefined) {
      result.push(...asPath(text, file, token));
    } else {
      token.attrSet("href", `./${shown}${anchor}`);
      result.push(token, ...text, tokens[end]!);
    }
    at = end + 1;
  }
  return result;
}

/** `` `reviews.yaml` `` becomes its path from the root; words stay, and the path follows them. */
function asPath(text: readonly Token[], file: string, link: Token): Token[] {
  const make = (type: string, tag: string, content: string): Token =>
    Object.assign(Object.create(Object.getPrototypeOf(link)), link, {
      type,
      tag,
      content,
      attrs: null,
      children: null,
      nesting: 0,
      markup: tag === "code" ? "`" : "",
    });
  const code = make("code_inline", "code", file);
  return text.length === 1 && text[0]!.type === "code_inline"
    ? [code]
    : [...text, make("text", "", " ("), code, make("text", "", ")")];
}
