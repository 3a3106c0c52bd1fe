// CSV as spreadsheets may safely open it: RFC 4180 quoting, and no cell of text that a spreadsheet would run as a formula.

/** A plain decimal number stays one, signed or not; everything else is text. */
const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;
/** What begins a formula, also behind quotes, spaces and characters nobody sees; full-width forms are folded by some programs. */
const FORMULA = /^[\s"'\p{Cc}\p{Cf}]*[=+\-@\t\r\0＝＋－＠]/u;

/** One cell. Text that could be a formula is led by an apostrophe, which spreadsheets show as text; NUL is dropped. */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  const clean = text.replaceAll('\0', '');
  const safe = !NUMBER.test(clean) && FORMULA.test(text) ? `'${clean}` : clean;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line with its ending. Null is an empty cell. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}
