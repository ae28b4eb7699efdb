import fc from "fast-check";
import { expect, test } from "vitest";
import { errorPageBody, errorPageFor } from "../../ir/error-page.ts";
import { parseErrorPages } from "./error-pages.ts";

function bodyOf(value: string, status: number): string | undefined {
  const parsed = parseErrorPages(value);
  if ("wrong" in parsed) {
    throw new Error(parsed.wrong);
  }
  const page = errorPageFor(parsed.pages, status);
  return page && `${page.contentType}: ${errorPageBody(page, status)}`;
}

const HTML = "text/html; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";

test.each([
  ["503: json", 503, 'application/problem+json: {"status":503,"title":"Service Unavailable"}'],
  ["5xx: json", 599, 'application/problem+json: {"status":599,"title":"Error"}'],
  ["503,504: json", 504, 'application/problem+json: {"status":504,"title":"Gateway Timeout"}'],
  ["503: json", 504, undefined],
  ["500-504: <h1>%RESPONSE_CODE%</h1>", 502, `${HTML}: <h1>502</h1>`],
  [
    "404: |\n  <!doctype html>\n  <p>%REASON%: gone</p>\n",
    404,
    `${HTML}: <!doctype html>\n<p>Not Found: gone</p>\n`,
  ],
  ["4xx: 50% off, 100%% sure, %d", 400, `${PLAIN}: 50% off, 100% sure, %d`],
  // The narrowest counts, in whatever order they are written.
  ["5xx: class\n500-503: range\n503: one", 503, `${PLAIN}: one`],
  ["5xx: class\n500-503: range\n503: one", 502, `${PLAIN}: range`],
  ["5xx: class\n500-503: range\n503: one", 504, `${PLAIN}: class`],
  [
    '5xx: { code: "%RESPONSE_CODE%", text: "a \\"%REASON%\\" of %RESPONSE_CODE%", list: [1, null, true, {}], "k%": "%%" }',
    503,
    'application/json: {"code":503,"text":"a \\"Service Unavailable\\" of 503","list":[1,null,true,{}],"k%":"%"}',
  ],
])("%j says of %i: %s", (value, status, said) => {
  expect(bodyOf(value, status)).toBe(said);
});

test.each([
  ["", "mapping"],
  ["json", "mapping"],
  ["503", "mapping"],
  ["[503]", "mapping"],
  ["{}", "mapping"],
  ["503: a: b", "mapping"],
  ["503: &a x\n504: *a\n505: *b", "mapping"],
  [`503: ${"[".repeat(5000)}`, "mapping"],
  ["200: json", "200"],
  ["302: json", "302"],
  ["600: json", "600"],
  ["504-500: json", "504-500"],
  ["6xx: json", "6xx"],
  ["5XX: json", "5XX"],
  ["503,: json", "503,"],
  ["503: json\n'503, 504': json", "503"],
  ["5xx: json\n500-599: json", "500-599"],
  ["503:", "503"],
  ["503: ''", "503"],
  ["503: 1", "503"],
  ["503: [json]", "503"],
  ["503: <p>%REQ(:path)%</p>", "%REQ(:path)%"],
  ['503: \'{ "a": "%RESP(x):10%" }\'', "%RESP(x):10%"],
  ["503: { a: [%LOCAL_REPLY_BODY%] }", "mapping"],
  ["503: { a: ['%LOCAL_REPLY_BODY%'] }", "%LOCAL_REPLY_BODY%"],
  [`503: ${"x".repeat(70_000)}`, "64 KiB"],
])("%j is refused", (value, named) => {
  const parsed = parseErrorPages(value);
  expect(parsed).toHaveProperty("wrong");
  expect(parsed).toMatchObject({ wrong: expect.stringContaining(named) });
});

test("objects become the JSON that they are, whatever text is in them", () => {
  const leaf = fc.oneof(
    fc.string().filter((text) => !text.includes("%")),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
    fc.oneof(leaf, fc.array(leaf)),
    {
      minKeys: 1,
    },
  );
  fc.assert(
    fc.property(value, (object) => {
      const parsed = parseErrorPages(JSON.stringify({ 503: object }));
      // YAML does not take each character that JSON does.
      fc.pre("pages" in parsed);
      const { pages } = parsed as Extract<typeof parsed, { pages: unknown }>;
      expect(JSON.parse(errorPageBody(pages[0]!, 503))).toEqual(object);
    }),
  );
});

test("nothing throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."45x0-,: |%{}[]\n\"'&*!ajson") }), (text) => {
      expect(parseErrorPages(text)).toBeTypeOf("object");
    }),
  );
});
