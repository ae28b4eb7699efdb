import { expect, test } from "vitest";
import { sluiceHere } from "../../test/harness/sluice-here.ts";
import { checkPageFlag, withoutNextWord } from "./page-option.ts";

test("the word behind --page is a path of rules, and never its port", () => {
  expect(withoutNextWord(["run", "--page", "rules/", "--watch"])).toEqual([
    "run",
    "--page=",
    "rules/",
    "--watch",
  ]);
  expect(withoutNextWord(["run", "--page=9905", "rules/"])).toEqual(["run", "--page=9905", "rules/"]);
  expect(withoutNextWord(["run", "--", "--page"])).toEqual(["run", "--", "--page"]);
});

test.each([undefined, "", "0", "9902", "127.0.0.2:9902", "[::1]:9902", "localhost:80", "0.0.0.0:9902"])(
  "--page=%s is an address",
  (page) => {
    expect(() => checkPageFlag(page)).not.toThrow();
  },
);

test.each(["rules/", "65536", "-1", "shop.example:80", "127.0.0.1", ":80", "unix:/run/page.sock", "80 "])(
  "--page=%s is refused with what to write",
  async (page) => {
    const { code, err } = await sluiceHere(["run", `--page=${page}`, "rules.yaml"], "/tmp");
    expect(code).toBe(2);
    expect(err).toContain(`--page: "${page}" is not valid; use a port, such as --page=9902`);
  },
);
