import type { StandInClient } from '@delivery/testing/github/client';
import type { Run } from '@delivery/testing/github/run';
import { operatorToken } from './forge.ts';

export interface CommitStatus {
  readonly state: string;
  readonly description: string;
  readonly target_url: string;
}

/** Remote calls of one type, and the answer that a caller can ask for. */
export class Calls {
  readonly #client: StandInClient;
  readonly #repository: string;
  readonly #type: string;

  constructor(client: StandInClient, repository: string, type: 'data-uploaded' | 'promote-image') {
    this.#client = client;
    this.#repository = repository;
    this.#type = type;
  }

  /** POST .../dispatches, then waits until the run that it starts is over. */
  async call(payload: object): Promise<Run> {
    await this.#client.dispatch(this.#repository, this.#type, payload);
    return this.waitForNewest();
  }

  /** The run of the newest call, once it is over. */
  async waitForNewest(onChange?: (run: Run) => void): Promise<Run> {
    const [id] = await this.#client.runIds(this.#repository, { event: 'repository_dispatch' });
    if (id === undefined) throw new Error('the call has started no run');
    return this.#client.waitForRun(id, onChange ? { onChange } : {});
  }

  /** The commit statuses of a call, newest first. */
  async answers(requestId: string): Promise<CommitStatus[]> {
    const headers = { authorization: `Bearer ${operatorToken}`, accept: 'application/vnd.github+json' };
    const path = `/repos/${this.#repository}/commits/main/statuses?per_page=100`;
    const statuses = (await (await fetch(`${this.#client.url}${path}`, { headers })).json()) as (CommitStatus & {
      context: string;
    })[];
    return statuses.filter(({ context }) => context === `${this.#type}/${requestId}`);
  }
}
