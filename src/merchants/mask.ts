// Accounts as operators see them: enough to recognise one that is known, too little to learn one that is not.

/** `+256712345678` → `+25671•••5678`, `ada@example.com` → `a•••@example.com`, `0123456789` → `••••••6789`, a short tag → `jo•••`. */
export function maskAccount(account: string): string {
  if (/^\+[0-9]{8,15}$/.test(account)) return `${account.slice(0, 6)}•••${account.slice(-4)}`;
  const at = account.indexOf('@');
  if (at > 0) return `${account.slice(0, 1)}•••${account.slice(at)}`;
  if (account.length < 8) return `${account.slice(0, 2)}•••`;
  return `${'•'.repeat(account.length - 4)}${account.slice(-4)}`;
}
