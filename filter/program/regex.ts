export function regexFullMatch(table: usize, text: usize, length: i32): bool {
  return false;
}
export function verifyRegexTable(table: usize, length: i32): bool {
  return false;
}
