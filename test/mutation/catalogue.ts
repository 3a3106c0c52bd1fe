// Every safety mechanism that `npm run mutate` takes out, in the order of a payment's life.
import { ACCEPTANCE } from './catalogue/acceptance.ts';
import { BOOK } from './catalogue/book.ts';
import { DOUBT } from './catalogue/doubt.ts';
import { INBOX } from './catalogue/inbox.ts';
import { LIMITS } from './catalogue/limits.ts';
import { PERSONS } from './catalogue/persons.ts';
