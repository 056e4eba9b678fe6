import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { RunContext } from './run-context.ts';

/** What the runtime gives to every action's run. */
export interface ActionContext {
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted when the workflow is cancelled; its reason is a CancelledError. */
  readonly signal: AbortSignal;
  readonly run: RunContext;
  /** Hides a secret that was found after the inputs were read (in a kubeconfig, a login) in everything printed from now on. */
  readonly mask: (secret: string) => void;
}
