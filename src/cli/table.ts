// Calm tables for a terminal: a header, columns as wide as they need to be, numbers to the right.

type Cell = string | number | null | undefined;

/** Rows under their column names. Columns in `right` are aligned to the right. Empty: the sentence `none`. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  of: { right?: readonly string[]; none?: string } = {},
): string {
  if (rows.length === 0) return of.none ?? 'None.';
  const texts = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '–' : String(cell))));
  const widths = columns.map((name, at) => Math.max(name.length, ...texts.map((row) => [...(row[at] ?? '')].length)));
  const isRight = columns.map((name) => of.right?.includes(name) === true);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => {
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - [...cell].length));
        return isRight[at] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '─'.repeat(width))), ...texts.map(line)].join('\n');
}

/** Named values, one per line. */
export function facts(pairs: readonly (readonly [name: string, value: Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value ?? '–'}`).join('\n');
}

/** `1234567.5` → `1 234 567.50`: thousands apart and two decimals, so that a column of amounts can be compared by eye. */
export function readable(minor: bigint): string {
  const sign = minor < 0n ? '-' : '';
  const absolute = minor < 0n ? -minor : minor;
  const whole = (absolute / 100n).toString().replace(/\B(?=([0-9]{3})+$)/g, ' ');
  return `${sign}${whole}.${(absolute % 100n).toString().padStart(2, '0')}`;
}

/** A moment to the second, in UTC. */
export function moment(at: Date | string | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
