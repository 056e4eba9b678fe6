export interface ExecOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Added to the environment of the step. A secret goes here or to `input`, never into the arguments. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  /** What the program prints, line by line and at once (both streams); default: not shown. */
  readonly onLine?: (line: string) => void;
}

export interface ExecResult {
  readonly exitCode: number;
  /** The last 64 KiB of each stream. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Programs of the runner. */
export interface Exec {
  /** The full path of a program on PATH; undefined when there is none. */
  find(program: string): Promise<string | undefined>;
  /**
   * Runs a program without a shell and gives its exit code, whatever it is. When the signal is aborted, the program and
   * all it has started are ended within 3 s, and the promise rejects with `signal.reason`.
   */
  run(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult>;
}
