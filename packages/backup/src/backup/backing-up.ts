import type { BackupReport } from '@delivery/core/domain/backup/report';
import type { DatabaseLock } from '../database-lock.ts';
import type { Failure } from '../faults.ts';
import type { Ports } from '../ports.ts';
import type { BackupSettings } from '../settings.ts';
import type { Steps } from '../steps.ts';
import type { Draft } from './draft.ts';
import type { Workshop } from './workshop.ts';

/** What every part of one backup works with. */
export interface BackingUp {
  readonly settings: BackupSettings;
  readonly lock: DatabaseLock;
  readonly workshop: Workshop;
  readonly steps: Steps;
  readonly draft: Draft;
  readonly ports: Ports;
}

/** How it ended, when nothing was thrown. */
export type End = Failure & Pick<BackupReport, 'verdict'>;
