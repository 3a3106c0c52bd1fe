// How each call fault looks on the wire: statuses, connections that break, redirects.
import { bodyBreakers } from './broken-bodies.ts';
import type { CallFault } from './fault-list.ts';
import type { Step } from './faults.ts';
import { type Call, sendJson, sendText } from './http.ts';
import { failure, type Reply } from './reply.ts';
import type { World } from './world.ts';

/** One answer to break. `reply` is the right one, null when nothing was done; `key` fixes what is picked from lists. */
export interface Breaking {
  readonly world: World;
  readonly call: Call;
  readonly step: Step;
  readonly key: string;
  readonly reply: Reply | null;
}

export type Breaker = (breaking: Breaking) => void;

const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

/** Milliseconds in the step's argument, or the default. */
export function waitOf(step: Step, defaultMs: number): number {
  const ms = Number(step.argument);
  return step.argument !== null && Number.isInteger(ms) && ms >= 0 ? ms : defaultMs;
}

/** Answers with the step's fault instead of the reply. */
export function breakAnswer(breaking: Breaking): void {
  BREAKERS[breaking.step.fault](breaking);
}

const refusal =
  (status: number, message: string): Breaker =>
  ({ world, call }) =>
    sendJson(call.response, status, failure(world.faults.settings, status, message).body);

const anError: Breaker = ({ world, call, step, key }) => {
  const { settings } = world.faults;
  const status = Number(step.argument ?? pick(world, settings.error_statuses, 'status', key) ?? 500);
  const message = status === 503 ? 'service under maintenance' : 'An error has occurred';
  sendJson(call.response, status, failure(settings, status, message).body);
};

const rateLimit: Breaker = ({ world, call, step, key }) => {
  const { settings } = world.faults;
  const after = step.argument ?? pick(world, settings.retry_after, 'retry-after', key) ?? '';
  const headers: Record<string, string> = after === '' ? {} : { 'retry-after': after };
  sendJson(call.response, 429, failure(settings, 429, 'too many requests').body, headers);
};

const redirect: Breaker = ({ world, call, step }) => {
  const location = world.faults.settings.redirect_to ?? '';
  sendText(call.response, step.argument === '308' ? 308 : 307, '', 'text/plain', { location });
};

const html: Breaker = ({ call }) => sendText(call.response, 502, HTML, 'text/html');

const reset: Breaker = ({ call }) => {
  call.request.socket.resetAndDestroy();
};

const hang: Breaker = ({ world, call, step }) => {
  const cut = () => call.response.destroy();
  call.response.once('close', world.timers.after(waitOf(step, world.faults.settings.hang_ms), cut));
};

/** Faults that only delay are carried out where calls are served. */
const right: Breaker = ({ call, reply }) => sendJson(call.response, reply?.status ?? 500, reply?.body, reply?.headers);

const BREAKERS: Readonly<Record<CallFault, Breaker>> = {
  error_before: anError,
  html_before: html,
  reset_before: reset,
  hang_before: hang,
  slow_before: right,
  rate_limit: rateLimit,
  unauthorized: refusal(401, 'invalid token'),
  wrong_origin: refusal(401, 'Invalid request origin'),
  forbidden: refusal(403, 'api key has no permission for this operation'),
  not_found: refusal(404, 'not found'),
  payment_required: refusal(402, 'insufficient balance'),
  already_exists: refusal(400, 'transaction already exists'),
  redirect,
  error_after: anError,
  html_after: html,
  reset_after: reset,
  hang_after: hang,
  slow_after: right,
  payment_required_after: refusal(402, 'payment could not be completed'),
  ...bodyBreakers,
};

function pick<Item>(world: World, items: readonly Item[], ...parts: readonly string[]): Item | undefined {
  return items[world.seed.below(Math.max(items.length, 1), ...parts)];
}
