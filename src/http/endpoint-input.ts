// What a merchant says about a webhook endpoint: its address, what it wants to be told, and what is to be done with it.
import { z } from 'zod';
import type { Config } from '../config.ts';
import { InvalidRequest } from '../errors.ts';
import { endpointProblem } from '../notifications/address-guard.ts';
import { EVENT_FILTERS } from '../notifications/event-types.ts';
import * as input from './inputs.ts';

/** Whether it may be sent to depends on where it leads: `checkUrl` looks at that. */
const url = input.text(
  {
    example: 'https://shop.example/hooks/payments',
    format: 'uri',
    description: 'Where events are sent: https, port 443, on the public internet.',
  },
  {
    code: 'not_an_url',
    message: 'Send an https address such as "https://shop.example/hooks".',
    holds: (given) => URL.canParse(given),
  },
);

const description = input.text(
  { example: 'Orders', description: "The merchant's own words, up to 200 characters." },
  {
    code: 'invalid_text',
    message: 'Send 1 to 200 characters, without control or direction characters.',
    holds: (given) => [...given].length <= 200 && input.PRINTABLE.test(given),
  },
);

const types = z
  .array(input.word(EVENT_FILTERS as readonly [string, ...string[]]), {
    error: 'Send a list of event types such as ["payout.*", "collection.settled"].',
  })
  .min(1, { error: 'Name at least one type, or leave it out for all.' })
  .max(EVENT_FILTERS.length, { error: 'Name each type once.' })
  .refine((given) => new Set(given).size === given.length, { error: 'Name each type once.' })
  .meta({ description: 'Types of events, or all of a kind; left out: all there are.', examples: [['payout.*']] });

export const newEndpointBody = z
  .strictObject({ url, description: description.optional(), types: types.optional() })
  .meta({ id: 'NewWebhookEndpoint' });

export const changeEndpointBody = z
  .strictObject({
    url: url.optional(),
    description: description.nullable().optional(),
    types: types.nullable().optional().meta({ description: 'Null: all there are.' }),
    status: input.word(['disabled'], 'Stops sending; `enable` takes it back.').optional(),
  })
  .meta({ id: 'WebhookEndpointChange' });

const DAY_SECONDS = 86_400;
const MOST_OVERLAP_SECONDS = 7 * DAY_SECONDS;

export const rotateBody = z
  .strictObject({
    overlapSeconds: z
      .int({ error: `Send a whole number from 0 to ${MOST_OVERLAP_SECONDS}.` })
      .min(0)
      .max(MOST_OVERLAP_SECONDS)
      .default(DAY_SECONDS)
      .meta({ description: 'How long the old secret signs along.' }),
  })
  .meta({ id: 'SecretRotation' });

export const replayBody = z
  .strictObject({
    from: input.instant.meta({ description: 'Of events from then on.' }),
    to: input.instant.meta({ description: 'Of events before then.' }),
    types: types.optional().meta({ description: "Left out: the endpoint's own." }),
  })
  .meta({ id: 'NewReplay' });

export const nothing = z.strictObject({}).meta({ id: 'Nothing' });

/** Raises InvalidRequest for an address that events may not be sent to, as far as its text and its name tell now. */
export async function checkUrl(config: Pick<Config, 'WEBHOOK_ALLOW_LOCAL'>, given: string): Promise<void> {
  const problem = await endpointProblem(given, { allowLocal: config.WEBHOOK_ALLOW_LOCAL === 'true' });
  if (problem !== null) throw InvalidRequest.field('url', problem.code, problem.message);
}
