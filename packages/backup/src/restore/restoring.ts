import type { DatabaseLock } from '../database-lock.ts';
import type { Ports } from '../ports.ts';
import type { Steps } from '../steps.ts';
import type { Account, Admin } from './account.ts';
import type { Draft } from './draft.ts';
import type { RestoreSettings } from './settings.ts';
import type { ChosenBackup } from './source.ts';
import type { Characters } from './swap.ts';
import type { Survey } from './survey.ts';

/** What every part of one restore works with. */
export interface Restoring {
  readonly settings: RestoreSettings;
  readonly chosen: ChosenBackup;
  readonly lock: DatabaseLock;
  readonly steps: Steps;
  readonly draft: Draft;
  readonly ports: Ports;
}

/** What there is once the file is known to be whole. */
export interface Scene extends Restoring {
  readonly survey: Survey;
  readonly admin: Admin;
  readonly scratch: string;
  readonly loader: Account;
  readonly characters: Characters;
}
