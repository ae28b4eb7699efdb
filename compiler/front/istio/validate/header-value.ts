/**
 * Values of header operations are Envoy format strings: `%%` is a percent sign, `%VAR%`, `%VAR(x)%` and
 * `%VAR(["x", "y"])%` a variable. What variables there are is not asked. Source: istiod's `ValidateHTTPHeaderValue`.
 */

const NAME_END = /[%(]/g;
const STRING = String.raw`(?:[^\\)"]|\\.)*`;
/** What follows `%VAR(`: text up to the parenthesis, or a list of strings. */
const ARGUMENTS = new RegExp(
  String.raw` *(?:\[ *"|[^ [])${STRING}(?:" *, *"${STRING})*(?:\)|" *\] *\)) *%`,
  "sy",
);

/** What is wrong with a value, in words. */
export function headerValueError(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    return "a control character";
  }
  let position = value.indexOf("%");
  while (position >= 0) {
    const next = value[position + 1] === "%" ? position + 2 : endOfVariable(value, position + 1);
    if (next === undefined) {
      return "a lone % (write %% for a percent sign, %NAME% or %NAME(ARGUMENT)% for a variable)";
    }
    position = value.indexOf("%", next);
  }
  return undefined;
}

/** The position behind a variable whose name starts at `start`. */
function endOfVariable(value: string, start: number): number | undefined {
  NAME_END.lastIndex = start;
  const end = NAME_END.exec(value);
  if (end === null || end[0] === "%") {
    return end === null ? undefined : end.index + 1;
  }
  ARGUMENTS.lastIndex = end.index + 1;
  return ARGUMENTS.test(value) ? ARGUMENTS.lastIndex : undefined;
}
