import type { LedgerEntry } from '@delivery/core/domain/ledger';

/** What this suite would have written of a good rollout in TEST, but for what is given. */
export function ledgerEntry(given: Partial<LedgerEntry> & Pick<LedgerEntry, 'at'>): LedgerEntry {
  const run = 'https://github.example.org/acme/stack/actions/runs/1';
  return { event: 'tested', verdict: 'success', by: 'ada', run, reason: '', ...given };
}
