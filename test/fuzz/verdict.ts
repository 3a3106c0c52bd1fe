// What an answer to a hostile request may be: a refusal with a code, or, where the request is only odd, what anybody would be answered.
import type { Shot } from './shots.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A sentence about what is wrong with the answer; null when nothing is. */
export function faultOf(shot: Shot, { status, text }: Answer): string | null {
  const told = `${shot.what} ${JSON.stringify(shot.value)?.slice(0, 200)}: ${status} ${text.slice(0, 500)}`;
  if (status >= 500) return told;
  if (status < 400) return shot.mustRefuse ? told : null;
  return hasCode(text) ? null : told;
}

/** The id of what an answer says was created under its key, or had been; null when nothing was. Of a rotated API key nothing is kept. */
export function createdBy({ status, text }: Answer): string | null {
  if (status !== 201 && status !== 202) return null;
  const { id } = JSON.parse(text) as { id: string };
  return id.startsWith('ak') ? null : id;
}

export const isTransaction = (id: string) => /^(po|co)/.test(id);

function hasCode(text: string): boolean {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'string' && /^[a-z_]+$/.test(code);
  } catch {
    return false;
  }
}
