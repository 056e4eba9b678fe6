import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Place } from './concurrency.ts';
import { ConcurrencyGroups } from './concurrency.ts';
import type { StandInConfig } from './config.ts';
import { evaluateText } from './expressions.ts';
import type { Repositories } from './repositories.ts';
import type { Run, RunConclusion, RunEvent } from './run.ts';
import { RunStore } from './run-store.ts';
import { ActRun } from './runner.ts';
import type { Tokens } from './tokens.ts';
import type { Workflow } from './workflows.ts';

export interface NewRun {
  readonly repository: string;
  readonly workflow: Workflow;
  readonly event: RunEvent;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  readonly title: string;
}

interface Active {
  cancelled: boolean;
  act: ActRun | undefined;
  place: Place | undefined;
  readonly done: Promise<void>;
}

export interface RunsOptions {
  readonly dataDir: string;
  readonly config: StandInConfig;
  readonly repositories: Repositories;
  readonly tokens: Tokens;
  /** Where the stand-in listens. */
  readonly url: string;
}

/** Starts, re-runs and cancels runs, and tells whoever listens what changed. */
export class Runs extends EventEmitter<{ changed: [Run] }> {
  readonly store: RunStore;
  readonly #options: RunsOptions;
  readonly #groups = new ConcurrencyGroups();
  readonly #active = new Map<number, Active>();

  constructor(options: RunsOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.store = new RunStore(join(options.dataDir, 'runs'));
  }

  start(given: NewRun): Run {
    const { repository, workflow, event, ref, sha, actor, title } = given;
    const now = new Date().toISOString();
    const run: Run = {
      id: this.store.nextId(),
      repository,
      workflow: { path: workflow.path, name: workflow.name },
      runNumber: this.store.nextNumber(repository, workflow.path),
      attempt: 1,
      ...{ event, ref, sha, actor, title },
      status: 'queued',
      conclusion: null,
      jobs: [],
      ...{ createdAt: now, startedAt: now, updatedAt: now },
    };
    this.store.add(run, given.payload);
    this.#begin(run, workflow);
    return run;
  }

  /** Runs it again: the same commit, event, id and run number, one attempt more. */
  rerun(run: Run): void {
    const { repositories } = this.#options;
    const workflows = repositories.workflows(run.repository, run.sha, () => undefined);
    const workflow = workflows.find(({ path }) => path === run.workflow.path);
    if (!workflow) throw new Error(`run ${run.id} has lost its workflow`);
    this.store.archive(run);
    run.attempt += 1;
    const now = new Date().toISOString();
    Object.assign(run, { status: 'queued', conclusion: null, jobs: [], startedAt: now });
    delete run.problem;
    this.#changed(run);
    this.#begin(run, workflow);
  }

  /** Asks a run to end; it is over when its steps are. */
  cancel(id: number): void {
    const active = this.#active.get(id);
    if (!active) return;
    active.cancelled = true;
    if (active.act) void active.act.cancel();
    else active.place?.leave();
  }

  /** Ends everything and waits for it. */
  async stop(): Promise<void> {
    const running = [...this.#active.keys()];
    const done = [...this.#active.values()].map((active) => active.done);
    for (const id of running) this.cancel(id);
    await Promise.all(done);
  }

  #begin(run: Run, workflow: Workflow): void {
    const { promise: done, resolve } = deferred();
    const active: Active = { cancelled: false, act: undefined, place: undefined, done };
    this.#active.set(run.id, active);
    void this.#conclude(run, workflow, active).finally(resolve);
  }

  async #conclude(run: Run, workflow: Workflow, active: Active): Promise<void> {
    try {
      run.conclusion = await this.#execute(run, workflow, active);
    } catch (error) {
      run.conclusion = 'startup_failure';
      run.problem = error instanceof Error ? error.message : String(error);
    }
    active.place?.leave();
    run.status = 'completed';
    this.#active.delete(run.id);
    this.#changed(run);
  }

  async #execute(run: Run, workflow: Workflow, active: Active): Promise<RunConclusion> {
    // Both before anything is waited for: whoever started the run sees its title.
    const contexts = this.#contexts(run, workflow);
    run.title = evaluateText(workflow.runName, contexts).trim() || run.title;
    active.place = this.#enterGroup(run, workflow, contexts);
    if (active.place && !(await active.place.go)) return 'cancelled';
    if (this.#isCancelled(active)) return 'cancelled';
    const { config, dataDir, repositories, tokens, url } = this.#options;
    const files = {
      dir: this.store.dir(run.id),
      scratch: join(dataDir, 'scratch', `${run.id}-${run.attempt}`),
      repository: repositories.path(run.repository),
    };
    const act = new ActRun(config, run, files, () => this.#changed(run));
    active.act = act;
    Object.assign(run, { status: 'in_progress', jobs: act.log.jobs, startedAt: new Date().toISOString() });
    this.#changed(run);
    const token = tokens.mint(run.repository, 'github-actions[bot]', workflow.permissions);
    const code = await act.execute(url, token).finally(() => tokens.revoke(token));
    if (this.#isCancelled(active)) return 'cancelled';
    if (act.log.skipped !== undefined) throw new Error(act.log.skipped);
    if (act.log.jobs.length === 0 && code !== 0) throw new Error('act ran no job: see log.txt');
    return code === 0 ? 'success' : 'failure';
  }

  /** Asked again and again, because it changes meanwhile. */
  #isCancelled({ cancelled }: Active): boolean {
    return cancelled;
  }

  /** What expressions outside of jobs may name. */
  #contexts(run: Run, workflow: Workflow): Readonly<Record<string, unknown>> {
    const event = JSON.parse(this.store.read(run.id, 'event.json')) as Record<string, unknown>;
    const { repository, ref, sha, actor, id } = run;
    const github = {
      repository,
      ref,
      sha,
      actor,
      event,
      event_name: run.event,
      run_id: id,
      run_number: run.runNumber,
      workflow: workflow.name,
      ref_name: ref.replace(/^refs\/(?:heads|tags)\//, ''),
    };
    return { github, inputs: event['inputs'] ?? {}, vars: this.#options.config.vars };
  }

  #enterGroup(run: Run, { concurrency }: Workflow, contexts: Readonly<Record<string, unknown>>): Place | undefined {
    if (!concurrency) return undefined;
    const group = evaluateText(concurrency.group, contexts).toLowerCase();
    const cancelInProgress = evaluateText(concurrency.cancelInProgress, contexts) === 'true';
    return this.#groups.enter(`${run.repository} ${group}`, {
      cancelInProgress,
      keepsAll: concurrency.keepsAll,
      cancel: () => this.cancel(run.id),
    });
  }

  #changed(run: Run): void {
    run.updatedAt = new Date().toISOString();
    this.store.save(run);
    this.emit('changed', run);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
