/**
 * The site of the documentation: `npm run docs` builds it into `dist/docs`. It asks no other host for anything, so that it
 * also works where there is no network.
 */

import { defineConfig } from "vitepress";
import { anchorOf } from "../../scripts/docs/anchor.ts";
import { SITE_PAGES, siteEntries } from "../../scripts/docs/site-pages.ts";
import { siteLinks } from "./links.ts";

export default defineConfig({
  title: "Sluice",
  description: "Istio's traffic rules in a stock Envoy, without a mesh.",
  lang: "en",
  // Some documents stand at the root of the repository.
  srcDir: "..",
  srcExclude: ["!(docs)/**/*", "README.md"],
  rewrites: SITE_PAGES,
  outDir: "../dist/docs",
  // Without it browsers ask for /favicon.ico.
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    anchor: { slugify: anchorOf },
    config: siteLinks,
  },
  themeConfig: {
    search: { provider: "local" },
    sidebar: siteEntries().map(({ text, link }) => ({ text, link })),
    outline: { level: [2, 3] },
  },
});
