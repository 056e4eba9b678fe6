import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';

export interface BundleRun {
  readonly exitCode: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** As the runner shows it: without the secrets that it is asked to mask. */
  readonly log: string;
}

export interface StartedBundle {
  readonly pid: number;
  /** What it has printed so far. */
  readonly log: () => string;
  readonly done: Promise<BundleRun>;
}

/**
 * Starts an action as the runner does: the committed bundle by Node, inputs as INPUT_*, files for outputs and summary. `env` is all
 * it gets beside PATH and HOME; `homeLinks` are links below HOME.
 */
export function startBundle(
  action: string,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  homeLinks: Readonly<Record<string, string>> = {},
): StartedBundle {
  const dir = mkdtempSync(join(tmpdir(), `${action}-`));
  const [output, summary] = [join(dir, 'output'), join(dir, 'summary')];
  for (const file of [output, summary]) writeFileSync(file, '');
  for (const [name, target] of Object.entries(homeLinks)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    symlinkSync(target, join(dir, name));
  }
  const given = Object.entries(inputs).map(([name, value]) => [
    `INPUT_${name.toUpperCase().replaceAll(' ', '_')}`,
    value,
  ]);
  const child = spawn(process.execPath, [join(repositoryRoot, 'dist', action, 'index.js')], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      RUNNER_TEMP: dir,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...(Object.fromEntries(given) as Record<string, string>),
      ...env,
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const done = new Promise<BundleRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const outputs = parseOutputs(readFileSync(output, 'utf8'));
      const shown = log.replace(/^::add-mask::.*\n/gm, '');
      const result = { exitCode, outputs, summary: readFileSync(summary, 'utf8'), log: shown };
      rmSync(dir, { recursive: true, force: true });
      resolve(result);
    });
  });
  return { pid: child.pid ?? 0, log: () => log, done };
}

/** The file of GITHUB_OUTPUT: `name<<delimiter`, lines, `delimiter` (docs.github.com, "Multiline strings"). */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [, name = '', , value = ''] of text.matchAll(/^([^\n<]+)<<(\S+)\n([\s\S]*?)\n?\2$/gm))
    outputs[name] = value;
  return outputs;
}
