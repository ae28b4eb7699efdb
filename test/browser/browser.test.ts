/** That what the tests of the page rely on sees what is wrong. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeFindings, launchBrowser, openPage } from "./harness/browser.ts";

const WRONG = `<!doctype html><html><head><title>x</title></head><body><img src="http://127.0.0.1:9/x.png"><script>throw new Error("wrong")</script></body></html>`;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launchBrowser();
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(WRONG);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await browser.close();
  server.close();
});

test("errors, questions to others and what shuts people out are seen", async () => {
  const { port } = server.address() as AddressInfo;
  const { page, wrong } = await openPage(browser, `http://127.0.0.1:${port}/`);
  const found = (await axeFindings(page)).join("\n");
  expect(found).toContain("html-has-lang");
  expect(found).toContain("image-alt");
  await expect
    .poll(() => wrong)
    .toEqual(expect.arrayContaining(["Error: wrong", "asked http://127.0.0.1:9/x.png"]));
});
