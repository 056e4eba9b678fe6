/** `npm run ground -- up | down | status [--use-kubeconfig]`: the real components that demo, tests and benchmarks run on. */
import { parseArgs } from 'node:util';
import { GroundError } from './commands.ts';
import { down, status, up } from './ground.ts';

const usage = 'usage: npm run ground -- up | down | status [--use-kubeconfig]';

async function main(): Promise<void> {
  const { verb, useKubeconfig } = readArguments();
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new GroundError('The ground needs root on Linux: it makes network, mount and process namespaces of its own.');
  }
  if (verb === 'up') await up(useKubeconfig ? 'kubeconfig' : 'embedded');
  else if (verb === 'down') await down();
  else if (!(await status())) process.exitCode = 1;
}

function readArguments(): { verb: string; useKubeconfig: boolean } {
  const options = { 'use-kubeconfig': { type: 'boolean', default: false } } as const;
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    const [verb, ...more] = positionals;
    if (verb !== undefined && more.length === 0 && ['up', 'down', 'status'].includes(verb)) {
      return { verb, useKubeconfig: values['use-kubeconfig'] };
    }
  } catch (cause) {
    throw new GroundError(usage, { cause });
  }
  throw new GroundError(usage);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error instanceof GroundError ? error.message : error);
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) console.error(`because: ${cause.message}`);
  process.exitCode = 1;
}
