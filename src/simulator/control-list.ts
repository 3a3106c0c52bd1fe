// What GET /control prints: every control call, switch, fault and suffix with its meaning.
import { CALL_FAULTS, CALL_GROUPS, OUTCOMES, WEBHOOK_FAULTS } from './fault-list.ts';
import { SUFFIXES } from './suffixes.ts';
import { SWITCHES, type SwitchName } from './switches.ts';
import type { World } from './world.ts';

const CALLS = {
  'GET /control': 'this list',
  'POST /control/faults':
    'switches {"strict_fields": false, "lookup": {"lagMs": 500}}, rates {"submit": {"hang_after": 0.1}, "outcome": {"fails": 0.02}, "webhook": {"drop": 0.1}}, waits {"submit": {"latencyMs": [5, 20]}}, the next calls {"submit": {"next": ["error_before:503", "none"]}}, plans {"references": {"po01…": {"submit": ["hang_after"], "lookup": ["error_before"], "outcome": "late_success", "webhook": ["duplicate"], "settleMs": 50}}, "accounts": {"+256712345678": {…}}}, {"token": {"revoke": true}}',
  'POST /control/reset':
    'switches, rates and plans back to the start; {"book": true} empties book, wallets, pins, tokens and log too',
  'POST /control/webhook-url': '{"url": "http://…"} or null',
  'POST /control/webhooks':
    '{"body": {…} or "any text", "signature": "valid | invalid | unkeyed | missing", "times": 1}; answers the receiver\'s statuses',
  'GET /control/transactions/{reference or id}': 'what the book knows of it',
  'POST /control/transactions/{reference or id}':
    '{"status": "successful | failed | pending", "reason": "…", "amount": "1500", "refund": true, "webhook": false, or a body to send instead, "signature": …}',
  'POST /control/wallets': '{"UGX": "500000"}: sets balances',
  'POST /control/clock':
    '{"advanceMs": 600000}: turns the clock on, for expiries; waits that are running go on as they were',
  'GET /control/otp?phone=%2B256…': 'the pins sent to a phone, newest last',
  'GET /control/outstanding': 'what is still to come: waits (also for final statuses) and webhooks; both 0 means quiet',
  'GET /control/calls': 'how many calls of each kind; ?key=<reference> for one',
  'GET /control/book': 'every entry, one JSON per line; ?format=array, ?from=<n>',
  'GET /control/book/summary': 'per reference how often it was executed, and totals per currency; ?reference=',
  'GET /control/log':
    'what happened, in order of arrival; ?order=logical gives the order and content that depend only on seed and requests; ?channel=, ?key=',
} as const;

export function controlList(world: World) {
  const { settings } = world.faults;
  const switches = (Object.keys(SWITCHES) as SwitchName[]).map((name) => {
    const { initial, form, what } = SWITCHES[name];
    return [name, { now: settings[name], usual: initial, form, what }];
  });
  const faults = Object.entries(CALL_FAULTS).map(([name, { stage, what }]) => [name, `${stage} recording: ${what}`]);
  return {
    webhookUrl: world.webhooks.url,
    calls: CALLS,
    switches: Object.fromEntries(switches),
    callGroups: CALL_GROUPS,
    callFaults: Object.fromEntries(faults),
    outcomes: OUTCOMES,
    webhookFaults: WEBHOOK_FAULTS,
    suffixes: Object.fromEntries([...SUFFIXES].map(([suffix, { what }]) => [suffix, what])),
  };
}
