/** What curl does to the text of URLs and of data before it sends them. */

/** `name=text`, `=text` or `text`: the text as a form sends it. */
export function urlEncoded(data: string): string {
  const equals = data.indexOf("=");
  return equals < 0
    ? encode(data)
    : `${data.slice(0, equals)}${equals > 0 ? "=" : ""}${encode(data.slice(equals + 1))}`;
}

function encode(text: string): string {
  return encodeURIComponent(whole(text))
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** What is no ASCII; all the rest is sent as it stands. */
export function escaped(url: string): string {
  return whole(url).replace(/\P{ASCII}+/gu, encodeURIComponent);
}

/** Half a character has no bytes. */
function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** As far as it is escaped. */
export function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll("%", ""), "hex").toString(),
  );
}

/** A path whose `.` and `..` are carried out, as RFC 3986 has it in 5.2.4. */
export function withoutDots(path: string): string {
  const segments = path.split("/");
  const kept: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === "..") {
      if (kept.length > 1) {
        kept.pop();
      }
    } else if (segment !== ".") {
      kept.push(segment);
      continue;
    }
    if (isLast) {
      kept.push("");
    }
  }
  return kept.join("/");
}
