import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Annotation {
  readonly level: 'notice' | 'warning' | 'error';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly job: string;
  readonly step: string;
}

export interface Job {
  readonly name: string;
  status: 'in_progress' | 'completed';
  conclusion: 'success' | 'failure' | 'cancelled' | null;
}

/** A line of `act --json`, the fields that are used. */
interface Entry {
  readonly msg?: string;
  readonly raw?: string;
  readonly job?: string;
  readonly step?: string;
  readonly stage?: string;
  readonly stepResult?: string;
  readonly jobResult?: string;
  readonly command?: string;
  readonly content?: string;
  readonly arg?: string;
  readonly kvPairs?: Readonly<Record<string, string>>;
}

export interface ActLogEvents {
  readonly jobsChanged: () => void;
  readonly stepEnded: (job: string, result: string) => void;
}

/**
 * Turns what act prints into the files of a run: log.jsonl as it is, log.txt to read, summary.md (the job summaries, job by
 * job) and annotations.json. Keeps the jobs' states.
 */
export class ActLog {
  readonly jobs: Job[] = [];
  readonly annotations: Annotation[] = [];
  /** Why a job was left out though GitHub would have run it; act is content with that. */
  skipped: string | undefined;
  readonly #dir: string;
  readonly #workflow: string;
  readonly #events: ActLogEvents;
  readonly #summaries = new Map<string, string[]>();

  constructor(dir: string, workflow: string, events: ActLogEvents) {
    this.#dir = dir;
    this.#workflow = workflow;
    this.#events = events;
    for (const name of ['log.txt', 'log.jsonl', 'summary.md']) writeFileSync(join(dir, name), '');
    this.#writeAnnotations();
  }

  line(text: string): void {
    const entry = read(text);
    // act prints the secret that a step asks it to mask; GitHub's runner does not.
    if ((entry.raw ?? entry.msg ?? '').includes('::add-mask::')) return;
    appendFileSync(join(this.#dir, 'log.jsonl'), `${text}\n`);
    const job = this.#jobName(entry.job);
    if (job !== '') this.#follow(job, entry);
    if (entry.stage === 'Main' && entry.stepResult !== undefined) this.#events.stepEnded(job, entry.stepResult);
    if (entry.command === 'summary') this.#summarize(job, entry.content ?? '');
    else if (isLevel(entry.command)) this.#annotate(entry.command, job, entry);
    const shown = entry.raw ?? entry.msg ?? '';
    if (shown.includes('Skipping unsupported platform'))
      this.skipped = `no runner has the label that job ${job} asks for`;
    // How act finds actions is for log.jsonl only.
    if (!shown.startsWith('LocalRepositoryCache ') && entry.command !== 'summary') this.note(shown, job);
  }

  /** Adds a line of the stand-in's own, or of a job. */
  note(text: string, job = ''): void {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => (job === '' ? line : `${job} | ${line}`));
    appendFileSync(join(this.#dir, 'log.txt'), `${lines.join('\n')}\n`);
  }

  /** `workflow/job`, and for a called workflow `caller's job/its name/job`; the outer workflow's name says nothing here. */
  #jobName(given = ''): string {
    return given.startsWith(`${this.#workflow}/`) ? given.slice(this.#workflow.length + 1) : given;
  }

  #follow(name: string, { step, jobResult }: Entry): void {
    let job = this.jobs.find((one) => one.name === name);
    if (!job && step !== undefined) this.jobs.push((job = { name, status: 'in_progress', conclusion: null }));
    else if (jobResult === undefined) return;
    if (job && jobResult !== undefined) {
      job.status = 'completed';
      job.conclusion = jobResult === 'success' ? 'success' : 'failure';
    }
    this.#events.jobsChanged();
  }

  #summarize(job: string, content: string): void {
    this.#summaries.set(job, [...(this.#summaries.get(job) ?? []), content.trimEnd()]);
    const parts = [...this.#summaries].map(([name, contents]) => `<!-- job ${name} -->\n${contents.join('\n\n')}\n`);
    writeFileSync(join(this.#dir, 'summary.md'), parts.join('\n'));
  }

  #annotate(level: Annotation['level'], job: string, { arg = '', kvPairs = {}, step = '' }: Entry): void {
    const { title, file, line } = kvPairs;
    this.annotations.push({
      level,
      message: arg,
      ...(title && { title }),
      ...(file && { file }),
      ...(line && { line: Number(line) }),
      job,
      step,
    });
    this.#writeAnnotations();
  }

  #writeAnnotations(): void {
    writeFileSync(join(this.#dir, 'annotations.json'), `${JSON.stringify(this.annotations, null, 2)}\n`);
  }
}

function isLevel(command: string | undefined): command is Annotation['level'] {
  return command === 'notice' || command === 'warning' || command === 'error';
}

function read(text: string): Entry {
  try {
    return JSON.parse(text) as Entry;
  } catch {
    return { msg: text };
  }
}
