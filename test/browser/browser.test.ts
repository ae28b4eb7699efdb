/** That what the tests of the page rely on sees what is wrong. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeProblems, TestBrowser } from "./harness/browser.ts";

const WRONG = `<!doctype html><html><head><title>x</title></head><body><img src="http://127.0.0.1:9/x.png"><script>throw new Error("wrong")</script></body></html>`;

let browser: TestBrowser;
let server: Server;

beforeAll(async () => {
  browser = await TestBrowser.start();
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(WRONG);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await browser.stop();
  server.close();
});

test("errors, questions to others and what people cannot use are seen", async () => {
  const { port } = server.address() as AddressInfo;
  const { page, complaints, close } = await browser.open(`http://127.0.0.1:${port}/`);
  expect(await axeProblems(page)).toEqual(expect.arrayContaining(["html-has-lang: html", "image-alt: img"]));
  expect(complaints).toEqual(
    expect.arrayContaining([
      expect.stringContaining("error: Error: wrong"),
      "request: http://127.0.0.1:9/x.png",
    ]),
  );
  await close();
});
