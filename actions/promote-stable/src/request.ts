import type { PromotionSelector } from '@delivery/core/domain/build-selector';
import type { RequestId } from '@delivery/core/domain/request-id';
import type { Inputs } from './inputs.ts';

/** What is asked for, in the form or by a call. */
export interface Request {
  readonly image: string;
  readonly build: PromotionSelector;
  readonly version: string | undefined;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly backupFirst: Inputs['backup-first'];
  readonly requestId: RequestId | undefined;
}

export function requestOf({ payload: call, ...given }: Inputs): Request {
  const build = call ? call.build : given.build;
  if (build === undefined) throw new TypeError('the inputs were not checked');
  return {
    image: call?.image ?? given.image,
    build,
    version: call ? call.version : given.version,
    reason: call?.reason ?? given.reason,
    dryRun: given['dry-run'] || call?.['dry-run'] === true,
    backupFirst: call?.['backup-first'] ? 'true' : given['backup-first'],
    requestId: call?.['request-id'],
  };
}
