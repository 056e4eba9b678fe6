import { start } from '../suite/index.js';
process.setSourceMapsEnabled(true);
await start('prune-builds');
