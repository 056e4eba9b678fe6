import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';

const example = join(repositoryRoot, 'examples/data/2026-09-15T16');

export interface Deposit {
  /** Default: those of the example. */
  readonly targets?: readonly string[];
  /** A target of TARGET_LIST whose files do not come, so that the load fails. */
  readonly missing?: string;
  readonly targetList?: boolean;
  readonly ready?: boolean;
}

/** The input volume that all projects of the example stack mount, as whoever uploads data sees it. */
export class DjangoData {
  /** The folder of the volume. */
  readonly volume: string;
  /** Holds a directory for each upload. */
  readonly root: string;

  constructor({ directories }: GroundState) {
    this.volume = join(directories.run, 'volumes/fragalysis-input');
    this.root = join(this.volume, 'django_data');
    mkdirSync(this.root, { recursive: true });
  }

  /** Writes a data directory, such as 2026-09-15T16: the files of the targets, then TARGET_LIST, then READY. */
  deposit(name: string, options: Deposit = {}): void {
    const { targets = ['NUDT7A', 'MURD', 'HAO1A'], missing, targetList = true, ready = true } = options;
    const at = (...path: readonly string[]): string => join(this.root, name, ...path);
    for (const target of targets) {
      const like = join(example, target);
      cpSync(existsSync(like) ? like : join(example, 'MURD'), at(target), { recursive: true });
    }
    const listed = missing === undefined ? targets : [...targets, missing];
    if (targetList) writeFileSync(at('TARGET_LIST'), `${listed.join(', ')}\n`);
    if (ready) writeFileSync(at('READY'), '');
  }

  remove(): void {
    rmSync(this.volume, { recursive: true, force: true });
  }
}
