/** Green, yellow, red, or nothing to do. */
export type ResultState = 'success' | 'unstable' | 'failure' | 'skipped';

export type OutputValue = string | number | boolean | readonly unknown[] | Readonly<Record<string, unknown>>;

/** What an action's run gives back; the runtime makes outputs, annotation, summary and exit code of it. */
export interface Outcome<Output extends string> {
  readonly result: ResultState;
  /** What happened, one sentence that a person wants to read first. Data from outside is allowed: it is escaped. */
  readonly reason: string;
  /** What happens next, or what to do: given whenever the result is not success. */
  readonly next?: string;
  /** Numbers and booleans are written as text, lists and objects as JSON. One left out is written as an empty text. */
  readonly outputs: Readonly<Partial<Record<Output, OutputValue>>>;
  readonly summary: readonly SummaryBlock[];
}

/** Parts of the job summary, in order; every text is escaped when it is written, so it may come from outside. */
export type SummaryBlock =
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'text'; readonly text: string }
  /** Folded under its title and fenced: log lines, events. Bounded when it is written. */
  | { readonly kind: 'lines'; readonly title: string; readonly lines: readonly string[] };

export type Cell = string | { readonly code: string } | { readonly link: string; readonly href: string };
