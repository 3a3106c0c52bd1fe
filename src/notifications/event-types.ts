// The types of events there are: what a merchant can be told, and what it can ask for.
import { STATE_NAMES } from '../transactions/states.ts';

/** Into `submitting` nobody outside could act on, so it is not told. */
const TOLD_STATES = STATE_NAMES.filter((state) => state !== 'submitting');

const KINDS = ['payout', 'collection'] as const;

/** `<kind>.<state>` for every published move of a transaction, and what happens to endpoints themselves. */
export const EVENT_TYPES: readonly string[] = [
  ...KINDS.flatMap((kind) => TOLD_STATES.map((state) => `${kind}.${state}`)),
  'webhook_endpoint.disabled',
  'webhook_endpoint.ping',
];

/** What an endpoint may be limited to: single types, and all of a kind. */
export const EVENT_FILTERS: readonly string[] = [
  ...new Set(EVENT_TYPES.map((type) => `${type.split('.')[0]}.*`)),
  ...EVENT_TYPES,
];
