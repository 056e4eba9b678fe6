// What a guide's shell finds as `gh`: hands its arguments to the test that runs it (guide-gh.ts), and prints what comes back.
import { text } from 'node:stream/consumers';

const args = process.argv.slice(2);
const input = args[0] === 'secret' ? await text(process.stdin) : '';
const body = JSON.stringify({ args, input, repository: process.env['GH_REPO'] ?? '' });
const answer = await fetch(process.env['GUIDE_GH'] ?? '', { method: 'POST', body });
const said = await answer.text();
if (answer.ok) process.stdout.write(said);
else process.stderr.write(said);
process.exitCode = answer.ok ? 0 : 1;
