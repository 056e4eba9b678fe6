/** The stand-in as a program: `node main.ts HOST:PORT DATA_DIR CONFIG.json`. Logs to standard output; SIGTERM ends it. */
import { readConfig } from './config.ts';
import { GitHubStandIn } from './stand-in.ts';

const [address = '', dataDir, configFile] = process.argv.slice(2);
const [, host, port] = /^([\w.]+):(\d+)$/.exec(address) ?? [];
if (host === undefined || dataDir === undefined || configFile === undefined) {
  process.stderr.write('usage: main.ts HOST:PORT DATA_DIR CONFIG.json\n');
  process.exit(2);
}
const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const standIn = await GitHubStandIn.start({ host, port: Number(port), dataDir, config: readConfig(configFile), log });
log(`listening on ${standIn.url}`);
const stop = (): void => void standIn.stop().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
