/** Values of header operations are Envoy format strings: `%%` is a percent sign, `%VAR%` and `%VAR(x)%` a variable. */

/** What is wrong with a value, in words. */
export function headerValueError(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return "a control character";
  let position = 0;
  while (position < value.length) {
    const percent = value.indexOf("%", position);
    if (percent < 0) return undefined;
    if (value[percent + 1] === "%") {
      position = percent + 2;
      continue;
    }
    const variable = /^%[A-Z][A-Z0-9_]*(\([^()]*\))?(:\d+)?%/.exec(value.slice(percent));
    if (!variable) return "a lone % (write %% for a percent sign, %NAME% or %NAME(ARGUMENT)% for a variable)";
    position = percent + variable[0].length;
  }
  return undefined;
}
