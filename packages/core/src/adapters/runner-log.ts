import * as core from '@actions/core';
import { randomBytes } from 'node:crypto';
import { printable } from '../domain/printable.ts';
import type { Log } from '../ports/log.ts';

/**
 * The log of a step on GitHub's runner. Its parser takes `::name::` at the start of a line and `##[name]` anywhere in one
 * as commands (actions/runner, ActionCommand.cs), so text that holds either is printed between `::stop-commands::` and a
 * token of 128 random bits, new each time, which no text can foresee.
 */
export function runnerLog(write: (text: string) => void): Log {
  const print = (text: string): void => {
    const clean = printable(text);
    const line = clean.endsWith('\n') ? clean : `${clean}\n`;
    if (!line.includes('::') && !line.includes('##[')) return write(line);
    const token = randomBytes(16).toString('hex');
    write(`::stop-commands::${token}\n${line}::${token}::\n`);
  };
  return {
    info: print,
    debug: (message) => core.debug(printable(message)),
    warning: (message, at) => core.warning(printable(message), place(at)),
    error: (message, at) => core.error(printable(message), place(at)),
    async group(title, body) {
      core.startGroup(printable(title).replace(/\n/g, ' '));
      try {
        return await body();
      } finally {
        core.endGroup();
      }
    },
    outside: print,
  };
}

function place(at: Parameters<Log['error']>[1]): core.AnnotationProperties {
  return at ? { file: at.file, startLine: at.line, startColumn: at.column } : {};
}
