// Every safety mechanism that `npm run mutate` takes out, in the order of a payment's life.
import { ACCEPTANCE } from './catalogue/acceptance.ts';
import { BOOK } from './catalogue/book.ts';
import { BULK } from './catalogue/bulk.ts';
import { CALLING } from './catalogue/calling.ts';
import { CONSOLE } from './catalogue/console.ts';
import { DOUBT } from './catalogue/doubt.ts';
import { DUAL_CONTROL } from './catalogue/dual-control.ts';
import { INBOX } from './catalogue/inbox.ts';
import { LIMITS } from './catalogue/limits.ts';
import { PERSONS } from './catalogue/persons.ts';
import { PROMISES } from './catalogue/promises.ts';
import { QUEUES } from './catalogue/queues.ts';
import { SENDING } from './catalogue/sending.ts';
import { TELLING } from './catalogue/telling.ts';
import type { Mutation } from './mutation.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...ACCEPTANCE,
  ...PROMISES,
  ...BULK,
  ...SENDING,
  ...DOUBT,
  ...BOOK,
  ...INBOX,
  ...QUEUES,
  ...LIMITS,
  ...PERSONS,
  ...CALLING,
  ...TELLING,
  ...CONSOLE,
  ...DUAL_CONTROL,
];
