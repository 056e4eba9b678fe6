export interface RunnerCommand {
  readonly name: string;
  readonly line: string;
}

/**
 * What GitHub's runner would take for commands in a step's output: its parser as far as it decides that (actions/runner,
 * src/Runner.Common/ActionCommand.cs and Runner.Worker/ActionCommandManager.cs). Lines end at \r, \n or both; `::name` counts
 * after leading white space, `##[name]` anywhere; while commands are stopped only the token is one. Throws when they still are at the end.
 */
export function commandsIn(output: string): RunnerCommand[] {
  const commands: RunnerCommand[] = [];
  let token: string | undefined;
  for (const line of output.split(/\r\n|\r|\n/)) {
    const name = /^\s*::([^\s:]+)[^:]*::/.exec(line)?.[1] ?? /##\[([^\]\s]+)[^\]]*\]/.exec(line)?.[1];
    if (name === undefined || (token !== undefined && name !== token)) continue;
    if (name === token) token = undefined;
    else if (name === 'stop-commands') token = line.split('::')[2];
    else commands.push({ name, line });
  }
  if (token !== undefined) throw new Error('commands are still stopped at the end');
  return commands;
}
