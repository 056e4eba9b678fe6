import type { Annotation } from './act-log.ts';
import type { Violation } from './api.ts';
import type { Run } from './run.ts';

/** Speaks to the stand-in as the demo and the tests do: partly GitHub's API, partly what only the stand-in has. */
export class StandInClient {
  readonly url: string;
  readonly #token: string;

  /** Any token that is not a run's own stands for an operator, who may do everything. */
  constructor(url: string, token = 'token-of-an-operator') {
    this.url = url;
    this.#token = token;
  }

  /** Creates a repository `owner/name` and gives where to push to: over http, and as a path. */
  async createRepository(repository: string): Promise<{ cloneUrl: string; path: string }> {
    const answer = await this.#send('PUT', `/stand-in/repositories/${repository}`);
    const { clone_url: cloneUrl, path } = (await answer.json()) as { clone_url: string; path: string };
    return { cloneUrl, path };
  }

  /** Ids of a repository's runs, newest first; they are there as soon as the push or call that starts them returns. */
  async runIds(repository: string, query: Readonly<Record<string, string>> = {}): Promise<number[]> {
    const answer = await this.#send(
      'GET',
      `/repos/${repository}/actions/runs?${new URLSearchParams(query).toString()}`,
    );
    const { workflow_runs: runs } = (await answer.json()) as { workflow_runs: { id: number }[] };
    return runs.map(({ id }) => id);
  }

  async run(id: number): Promise<Run> {
    return (await (await this.#send('GET', `/stand-in/runs/${id}`)).json()) as Run;
  }

  /** Waits, by watching, until `until` holds for the run; default: until it is over. Ends without it when the run does. */
  async waitForRun(
    id: number,
    options: { until?: (run: Run) => boolean; onChange?: (run: Run) => void; signal?: AbortSignal } = {},
  ): Promise<Run> {
    const { until = () => false, onChange, signal } = options;
    const { body } = await this.#send('GET', `/stand-in/runs/${id}/events`, undefined, signal);
    let last: Run | undefined;
    for await (const run of events(body as ReadableStream<Uint8Array>)) {
      last = run;
      onChange?.(run);
      if (run.status === 'completed' || until(run)) return run;
    }
    throw new Error(`the stand-in went away while run ${id} was ${last?.status ?? 'unknown'}`);
  }

  /** What the steps printed. */
  log(id: number): Promise<string> {
    return this.#text(id, 'log');
  }

  /** The job summaries, Markdown. */
  summary(id: number): Promise<string> {
    return this.#text(id, 'summary');
  }

  async annotations(id: number): Promise<Annotation[]> {
    return JSON.parse(await this.#text(id, 'annotations')) as Annotation[];
  }

  async violations(): Promise<Violation[]> {
    return (await (await this.#send('GET', '/stand-in/violations')).json()) as Violation[];
  }

  /** POST /repos/{owner}/{repo}/dispatches */
  async dispatch(repository: string, eventType: string, payload: object = {}): Promise<void> {
    await this.#send('POST', `/repos/${repository}/dispatches`, { event_type: eventType, client_payload: payload });
  }

  /** Starts a workflow by hand and gives its run's id. */
  async startWorkflow(repository: string, file: string, ref: string, inputs: object = {}): Promise<number> {
    const path = `/repos/${repository}/actions/workflows/${file}/dispatches`;
    const answer = await this.#send('POST', path, { ref, inputs, return_run_details: true });
    return ((await answer.json()) as { workflow_run_id: number }).workflow_run_id;
  }

  async rerun({ repository, id }: Pick<Run, 'repository' | 'id'>): Promise<void> {
    await this.#send('POST', `/repos/${repository}/actions/runs/${id}/rerun`);
  }

  async cancel({ repository, id }: Pick<Run, 'repository' | 'id'>): Promise<void> {
    await this.#send('POST', `/repos/${repository}/actions/runs/${id}/cancel`);
  }

  async #text(id: number, what: string): Promise<string> {
    return await (await this.#send('GET', `/stand-in/runs/${id}/${what}`)).text();
  }

  async #send(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, accept: 'application/vnd.github+json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

/** The data of server-sent events (html.spec.whatwg.org, 9.2.6); the stand-in writes each as one line. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Run> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length)) as Run;
  }
}
