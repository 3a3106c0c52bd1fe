// Percentages as people write them (`1.5`), and as they are kept: parts per million.

/** Parts per million of a percentage from 0 to 100 with at most four decimals; null for anything else. */
export function parsePercent(text: string): number | null {
  const match = /^(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,4}))?$/.exec(text);
  if (match === null) return null;
  const ppm = Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'));
  return ppm <= 1_000_000 ? ppm : null;
}

/** Without trailing zeros: 15000 → `1.5`. */
export function formatPercent(ppm: number): string {
  const decimals = String(ppm % 10_000)
    .padStart(4, '0')
    .replace(/0+$/, '');
  return decimals === '' ? String(Math.floor(ppm / 10_000)) : `${Math.floor(ppm / 10_000)}.${decimals}`;
}
