/**
 * Regular expressions: RE2 syntax, full match, over bytes, in time linear in the text. Patterns become tables that
 * the filter walks; the way there is parse → automaton over bytes → DFA → minimised → table.
 */

export { literalPrefix, type RegexLiteral, regexLiteral } from "./literal.ts";
export { mayMatch } from "./may-match.ts";
export { RegexError, regexMatchesEmpty } from "./parse.ts";
export { compileRegexSet, type RegexLiteralsTable, type RegexSetOptions, type RegexSetTable } from "./set.ts";
export { type CompiledRegex, compileRegex, type RegexBounds, regexSyntaxError } from "./single.ts";
