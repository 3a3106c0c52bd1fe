// How a run ended: the closing table, the reasons, and whatever is not as it should be, as sentences.
import { table } from '../src/cli/table.ts';
import { isFinal, type Sent } from './run.ts';

const STATES = ['settled', 'failed', 'reversed', 'in_review'] as const;

/** Per type and currency: sent, how it ended, refused. */
export function outcomeTable(all: readonly Sent[]): string {
  const groups = Map.groupBy(all, ({ row }) => `${row.type} ${row.currency || '–'}`);
  const columns = ['', 'sent', 'settled', 'failed', 'reversed', 'in review', 'other', 'refused'];
  const line = (name: string, some: readonly Sent[]) => {
    const counts = STATES.map((state) => some.filter((sent) => sent.transaction?.status === state).length);
    const refused = some.filter((sent) => sent.refusal !== null).length;
    const other = some.length - refused - counts.reduce((sum, count) => sum + count, 0);
    return [name, ...[some.length, ...counts, other, refused].map((count) => (count === 0 ? '·' : count))];
  };
  const rows = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, some]) => line(name, some));
  return table(columns, [...rows, line('all', all)], { right: columns.slice(1) });
}

/** Why rows were refused, and why accepted ones failed. */
export function reasonTable(all: readonly Sent[]): string {
  const refusals = all.flatMap((sent) => (sent.refusal === null ? [] : [`refused  ${sent.refusal.join(', ')}`]));
  const failures = all.flatMap(({ transaction }) =>
    transaction?.status === 'failed' ? [`failed   ${transaction.failure?.code ?? 'without a reason'}`] : [],
  );
  const counted = [...Map.groupBy([...refusals, ...failures], (reason) => reason)];
  return table(
    ['reason', 'rows'],
    counted.map(([reason, same]) => [reason, same.length] as const).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)),
    { right: ['rows'] },
  );
}

/** One sentence per row that is not as the file expects; empty when all is well. */
export function rowProblems(all: readonly Sent[]): string[] {
  return all.flatMap((sent) => {
    const { row, transaction, refusal } = sent;
    const who = `row ${row.row} (${row.about})`;
    if (row.expect === 'ok') {
      if (refusal !== null) return [`${who} was refused: ${refusal.join(', ')}`];
      if (transaction === null) return [`${who} was never answered`];
      return isFinal(sent) ? [] : [`${who} is not final: ${transaction.id} is ${transaction.status}`];
    }
    if (refusal?.includes(row.expect)) return [];
    const got = refusal === null ? `was accepted as ${transaction?.id}` : `was refused as ${refusal.join(', ')}`;
    return [`${who} ${got}, not as ${row.expect}`];
  });
}

/** Rows that ended otherwise than the simulator was asked for: worth a look, though nothing is wrong with the book. */
export function surprises(all: readonly Sent[]): string[] {
  return all.flatMap(({ row, transaction }) =>
    row.ends === '' || transaction === null || transaction.status === row.ends
      ? []
      : [`row ${row.row} (${row.about}) ended ${transaction.status}, not ${row.ends}`],
  );
}
