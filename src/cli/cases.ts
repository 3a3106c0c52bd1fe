// `cases list | show | unattended | resolve`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { Case } from '../transactions/case.ts';
import { ANSWERS, kindOf } from '../transactions/decisions.ts';
import { viewCase } from '../transactions/dossier.ts';
import { unattended } from '../transactions/unattended.ts';
import { readCount, readId } from './read.ts';
import { resolveCase } from './resolve-case.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

export function cases(noun: Command): void {
  const list = noun
    .command('list')
    .description('open cases, oldest first')
    .option('--all', 'also those that were answered')
    .option('--limit <count>', 'how many at most', '100');
  verb<{ all?: boolean; limit: string }>(list, async (desk, options) => {
    const query = Case.query(desk.db)
      .orderBy('opened_at')
      .limit(readCount('--limit', options.limit, 10_000));
    if (options.all !== true) query.whereNull('resolved_at');
    const found = (await query).map(viewCase);
    return {
      json: found,
      text: table(
        ['case', 'kind', 'about', 'amount', 'currency', 'owner', 'age', 'opened', 'resolved'],
        found.map((one) => [
          one.id,
          one.kind,
          one.subject,
          one.amount,
          one.currency,
          one.owner,
          one.age,
          moment(one.openedAt),
          moment(one.resolvedAt),
        ]),
        { right: ['amount'], none: 'There is no open case.' },
      ),
    };
  });

  const show = noun.command('show').description('one case with its evidence').requiredOption('--id <id>', 'which case');
  verb<{ id: string }>(show, async (desk, options) => {
    const id = readId('--id', options.id, 'case');
    const found = await Case.query(desk.db).findById(id);
    if (found === undefined) throw new NotFound(`There is no case ${id}.`);
    const view = viewCase(found);
    const { evidence, ...rest } = view;
    const kind = kindOf(found.kind);
    const answers = kind === null ? 'none that this release knows' : ANSWERS[kind].join(', ');
    return {
      json: { ...view, decisions: kind === null ? [] : ANSWERS[kind] },
      text: `${facts([...Object.entries(rest), ['decisions', answers]])}\n\nEvidence\n${JSON.stringify(evidence, null, 2)}`,
    };
  });

  const none = noun
    .command('unattended')
    .description(
      'what is overdue beyond patience and has no case; ends with 1 if there is any, for there should be none',
    );
  verb(none, async (desk) => {
    const found = await unattended(desk.db, desk.config);
    return {
      json: found,
      text: table(
        ['transaction', 'state', 'currency', 'age in hours'],
        found.map((one) => [one.id, one.state, one.currency, Math.floor(one.ageMs / 3_600_000)]),
        { right: ['age in hours'], none: 'Nothing is overdue without a case.' },
      ),
      exitCode: found.length === 0 ? 0 : 1,
    };
  });

  resolveCase(noun);
}
