// What an endpoint answers: documented envelopes for success, and refusals in the error shape that is switched on.
import type { Settings } from './switches.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer waits for this (a webhook that overtakes it). */
  readonly hold?: Promise<unknown>;
}

/** HTTP 200, as the provider answers creations too; `code` is the body's own and may differ. */
export function success(data: unknown, code = 200): Reply {
  return { status: 200, body: data === undefined ? { code, success: true } : { code, data, success: true } };
}

/** An endpoint's no: HTTP status and one or more messages. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly messages: readonly string[];

  constructor(status: number, ...messages: readonly string[]) {
    super(messages[0]);
    this.status = status;
    this.messages = messages;
  }
}

/** Seen nested as message.message from the live service, unlike every other message. */
export const PHONE_MESSAGE = 'phone number must be a valid international format';

export function failure(settings: Settings, status: number, ...messages: readonly string[]): Reply {
  const first = messages[0] ?? 'An error has occurred';
  return { status, body: { code: status, message: shaped(settings, first, messages), success: false } };
}

function shaped(settings: Settings, first: string, all: readonly string[]): unknown {
  if (settings.error_shape === 'array') return all;
  if (settings.error_shape === 'nested' || first === PHONE_MESSAGE) return { message: first };
  return first;
}
