import type { RunContext } from '@delivery/core/action/run-context';
import type { Step } from '@delivery/core/action/runtime';
import type { SourcePosition } from '@delivery/core/errors/errors';
import type { GitHub, NeutralCheck } from '@delivery/core/ports/github';
import type { Log } from '@delivery/core/ports/log';
import { FakeClock } from './fake-clock.ts';

export const someRun: RunContext = {
  repository: 'acme/stack',
  sha: 'a'.repeat(40),
  ref: 'refs/heads/main',
  runId: 7001,
  runNumber: 268,
  runAttempt: 1,
  actor: 'ada',
  eventName: 'push',
  workflow: 'Web image',
  serverUrl: 'https://github.example.org',
  apiUrl: 'https://github.example.org/api/v3',
};

/** The inputs that every action with a registry and a cluster has, as they are when nothing is given. */
export const nothingGiven = {
  config: '',
  'dry-run': false,
  'unstable-is': 'success',
  'neutral-check': false,
  summary: true,
  'github-token': '',
  'registry-username': '',
  'registry-password': '',
  'cluster-auth': 'kubeconfig',
  kubeconfig: '',
} as const;

export interface LogLine {
  readonly kind: 'info' | 'debug' | 'warning' | 'error' | 'group' | 'outside';
  readonly text: string;
  readonly at?: SourcePosition;
}

/** A log that keeps its lines. */
export class FakeLog implements Log {
  readonly lines: LogLine[] = [];

  info(text: string): void {
    this.lines.push({ kind: 'info', text });
  }
  debug(text: string): void {
    this.lines.push({ kind: 'debug', text });
  }
  warning(text: string, at?: SourcePosition): void {
    this.lines.push({ kind: 'warning', text, ...(at && { at }) });
  }
  error(text: string, at?: SourcePosition): void {
    this.lines.push({ kind: 'error', text, ...(at && { at }) });
  }
  async group<T>(text: string, body: () => Promise<T>): Promise<T> {
    this.lines.push({ kind: 'group', text });
    return body();
  }
  outside(text: string): void {
    this.lines.push({ kind: 'outside', text });
  }

  of(kind: LogLine['kind']): string[] {
    return this.lines.filter((line) => line.kind === kind).map(({ text }) => text);
  }
}

/** A step of no runner: inputs from a record, everything it is told is kept to look at. */
export class FakeStep implements Step {
  readonly log = new FakeLog();
  readonly clock = new FakeClock();
  readonly run = someRun;
  readonly masked: string[] = [];
  readonly outputs: Record<string, string> = {};
  readonly summaries: string[] = [];
  readonly checks: NeutralCheck[] = [];
  readonly cancel = new AbortController();
  readonly inputs: Readonly<Record<string, string>>;

  constructor(inputs: Readonly<Record<string, string>> = {}) {
    this.inputs = inputs;
  }

  get cancelled(): AbortSignal {
    return this.cancel.signal;
  }
  get source(): Step['source'] {
    return { get: (name) => this.inputs[name] ?? '', mask: this.mask };
  }
  readonly mask = (secret: string): void => {
    this.masked.push(secret);
  };
  setOutput(name: string, value: string): void {
    this.outputs[name] = value;
  }
  async writeSummary(markdown: string): Promise<void> {
    this.summaries.push(markdown);
  }
  gitHub(): GitHub {
    return {
      createDeployment: async () => 1,
      addDeploymentStatus: async () => undefined,
      createNeutralCheck: async (check) => void this.checks.push(check),
      createStatus: async () => undefined,
      compare: () => Promise.reject(new TypeError('nobody compares here')),
    };
  }
}
