import { titleNames } from '@delivery/core/domain/request-id';
import { RemoteError } from '@delivery/core/errors/errors';
import type { CallEvent, StartedRun, WorkflowRun, WorkflowRuns } from '@delivery/core/ports/workflow-runs';

export interface FakeRun extends WorkflowRun {
  readonly event: CallEvent;
  readonly title: string;
}

/** A workflow of the repository, on branch `main`, whose title is `<name>, <input or payload request-id>`. */
export interface FakeWorkflow {
  readonly file: string;
  /** Inputs that a start by hand may give. */
  readonly inputs: readonly string[];
  /** Types of events that it waits for. */
  readonly events: readonly string[];
}

export interface FakeWorkflowRunsOptions {
  readonly workflows?: readonly FakeWorkflow[];
  /** Whether a start tells its run, as servers of 2026 do. */
  readonly tells?: boolean;
  /** What the token is granted; default: all that the port needs. */
  readonly permissions?: readonly string[];
  /** Of another token for the same repository: what it has started is there as well. */
  readonly runs?: FakeRun[];
}

const all = ['actions: read', 'actions: write', 'contents: write'];

/** Workflow runs that go on only as a test says, by `change`. */
export class FakeWorkflowRuns implements WorkflowRuns {
  /** In the order they were started. */
  readonly runs: FakeRun[];
  readonly calls: { readonly method: keyof WorkflowRuns; readonly arguments: readonly unknown[] }[] = [];
  /** Called once a run was started; what it throws is what the call throws: an answer that is lost. */
  onStart: (run: FakeRun) => void = () => {};
  /** When it gives an error, the call of that method fails with it before anything is done. */
  failWith: (method: keyof WorkflowRuns) => RemoteError | undefined = () => undefined;
  readonly #workflows: readonly FakeWorkflow[];
  readonly #tells: boolean;
  readonly #permissions: readonly string[];

  constructor({ workflows = [], tells = true, permissions = all, runs = [] }: FakeWorkflowRunsOptions = {}) {
    this.#workflows = workflows;
    this.#tells = tells;
    this.#permissions = permissions;
    this.runs = runs;
  }

  change(id: number, change: Partial<Pick<FakeRun, 'status' | 'conclusion'>>): void {
    const index = this.runs.findIndex((run) => run.id === id);
    this.runs[index] = { ...this.#run(id), ...change };
  }

  async startWorkflow(
    workflow: string,
    ref: string,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<StartedRun | undefined> {
    this.#answer('startWorkflow', 'actions: write', signal, workflow, ref, inputs);
    const found = this.#workflows.find(({ file }) => file === workflow);
    if (!found) throw refused(404, `no workflow ${workflow}`);
    const unknown = Object.keys(inputs).find((name) => !found.inputs.includes(name));
    if (ref !== 'main' || unknown !== undefined) throw refused(422, 'no such branch, or an input it does not take');
    const { id, url } = this.#start('workflow_dispatch', found, inputs['request-id']);
    return this.#tells ? { id, url } : undefined;
  }

  async sendEvent(type: string, payload: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    this.#answer('sendEvent', 'contents: write', signal, type, payload);
    const waiting = this.#workflows.filter(({ events }) => events.includes(type));
    for (const workflow of waiting) this.#start('repository_dispatch', workflow, payload['request-id']);
  }

  async find(event: CallEvent, id: string, signal: AbortSignal): Promise<readonly WorkflowRun[]> {
    this.#answer('find', 'actions: read', signal, event, id);
    const newest = this.runs.filter((run) => run.event === event).slice(-100);
    return newest
      .filter(({ title }) => titleNames(title, id))
      .reverse()
      .map(seen);
  }

  async read(id: number, signal: AbortSignal): Promise<WorkflowRun> {
    this.#answer('read', 'actions: read', signal, id);
    return seen(this.#run(id));
  }

  #run(id: number): FakeRun {
    const run = this.runs.find((one) => one.id === id);
    if (!run) throw refused(404, `no run ${id}`);
    return run;
  }

  #start(event: CallEvent, { file }: FakeWorkflow, requestId: unknown): FakeRun {
    const id = this.runs.length + 1;
    const url = `https://github.example.org/acme/builds/actions/runs/${id}`;
    const title = typeof requestId === 'string' ? `${file}, ${requestId}` : file;
    const run = { id, url, event, title, status: 'queued', conclusion: undefined };
    this.runs.push(run);
    this.onStart(run);
    return run;
  }

  #answer(method: keyof WorkflowRuns, permission: string, signal: AbortSignal, ...given: readonly unknown[]): void {
    signal.throwIfAborted();
    this.calls.push({ method, arguments: given });
    const failure = this.failWith(method);
    if (failure) throw failure;
    if (!this.#permissions.includes(permission)) throw refused(403, 'not accessible', `add ${permission}`);
  }
}

function seen({ id, url, status, conclusion }: FakeRun): WorkflowRun {
  return { id, url, status, conclusion };
}

function refused(status: number, message: string, hint?: string): RemoteError {
  return new RemoteError('github', message, { status, retryable: false, hint });
}
