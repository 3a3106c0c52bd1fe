// `personal-data rotate`.
import type { Command } from 'commander';
import { resealEverything } from '../personal-data/reseal.ts';
import { table } from './table.ts';
import { verb } from './verb.ts';

/** Said on stderr, so that what is printed stays one value. */
const SAY_EVERY_ROWS = 10_000;

export function personalData(noun: Command): void {
  const rotate = noun
    .command('rotate')
    .description('seal everything anew under the first key of DATA_ENCRYPTION_KEY; safe while the service runs');
  verb(rotate, async (desk) => {
    const done = await resealEverything(desk.db, desk.vault, (name, looked) => {
      if (looked % SAY_EVERY_ROWS === 0) process.stderr.write(`${name}: ${looked} rows looked through\n`);
    });
    await desk.audited(
      async () => undefined,
      () => ({
        action: 'personal_data.rotate',
        subject: null,
        detail: { key: done.key, resealed: done.resealed, retired: done.retired },
      }),
    );
    const columns = ['table', 'sealed anew'];
    const rows = Object.entries(done.resealed);
    const still = 'Some process still seals with another key: put the new key first everywhere, then run this again.';
    const isDone = done.retired.length > 0 || Object.values(done.resealed).every((count) => count === 0);
    const verdict = isDone ? `Everything opens with the key ${done.key} alone; others may be removed.` : still;
    return {
      json: done,
      text: `${table(columns, rows, { right: ['sealed anew'] })}\n${verdict}`,
      exitCode: isDone ? 0 : 1,
    };
  });
}
