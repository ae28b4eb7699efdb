/** Requests as users write them, and as nobody should: of pieces that mean something, with anything between them. */

import type { Dice } from "./dice.ts";

const LINE: readonly string[] = [
  ..."GET POST http:// https:// a.example s.example reviews :80 :0 :99999 / /a.b/1 /r /d a b x ? q=a q=1 & # %2e %00 %2f .. // \\ [::1] @ ; é".split(
    " ",
  ),
  " ",
  "\t",
  "\u0000",
];
const HEADER: readonly string[] = [
  ..."x y z end-user : = ; , 1 b jason host a.example s.example cookie c=1 te:trailers x-forwarded-proto: x-envoy-retry-on x-sluice-class origin http://a.example authorization é".split(
    " ",
  ),
  " ",
  "\r\n",
];
const CURL: readonly string[] = [
  ..."curl -X POST -H ' \" \\ http://a.example/ http://s.example/r --data --json -G -d $' \\x41 \\ud800 \\777 \\U110000 --data-urlencode --url-query -r -0 # { [ ] /../ %7f user:%zz@ -- - @ = x:b | $ ` --http2 -b -u -sS --compressed -F -I --url -k".split(
    " ",
  ),
  " ",
  " ",
  " ",
  "\n",
  "'x: 1'",
];

function pieces(dice: Dice, parts: readonly string[], most: number): string {
  let text = "";
  for (let i = 1 + dice.below(most); i > 0; i--) {
    text += dice.chance(0.85)
      ? dice.pick(parts)
      : String.fromCharCode(dice.below(dice.chance(0.7) ? 0x80 : 0x10000));
  }
  return text;
}

const HOSTS = ["a.example", "s.example", "x.b.example", "reviews", "k", "unknown.example", "10.0.0.1"];

/** Half of them are fit to be asked. */
export function requestLine(dice: Dice): string {
  if (dice.chance(0.5)) {
    return pieces(dice, LINE, 12);
  }
  const method = dice.pick(["GET ", "POST ", "OPTIONS ", "", "x-y "]);
  const port = dice.pick(["", "", ":80", ":443", ":9080", ":1"]);
  return `${method}http://${dice.pick(HOSTS)}${port}/${dice.several(["a.b/", "1", "r", "d", "..", "%2f", "?q=a", "?q=", "&", "é"], 5).join("")}`;
}

export function headerLine(dice: Dice): string {
  if (dice.chance(0.5)) {
    return pieces(dice, HEADER, 8);
  }
  return `${dice.pick(["x", "y", "z", "host", "cookie", "origin", "end-user"])}: ${pieces(dice, HEADER, 3)}`;
}

export function curlLine(dice: Dice): string {
  return (dice.chance(0.6) ? "curl http://a.example/ " : "") + pieces(dice, CURL, 14);
}
