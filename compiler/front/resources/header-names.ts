/** What is a name of a header: to HTTP, and to istiod. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What istiod takes for the name of a header: a comma, too, though no header that a client sends has one. */
const HEADER_NAME = /^[!#$%&'*+,\-.^_`|~0-9A-Za-z]+$/;

/** A token of HTTP (RFC 9110), which the names of headers and of cookies are. */
export function isHeaderToken(name: string): boolean {
  return TOKEN.test(name);
}

/** The name of a header in conditions and CORS lists, as istiod takes it. */
export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}
