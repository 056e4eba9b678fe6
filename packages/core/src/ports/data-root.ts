import type { DataDirectory } from '../domain/data-directory.ts';

/** The directory that holds the data directories, where the runner sees it. */
export interface DataRoot {
  /**
   * Its entries whose names have the form of a data directory's, as they are now and in no order; undefined when there is no such
   * root or it may not be read. Throws ActionError `data-root` when the root has more than 10,000 entries. No link is followed.
   */
  list(signal: AbortSignal): Promise<readonly DataDirectory[] | undefined>;
}
