import { start } from '../suite/index.js';
process.setSourceMapsEnabled(true);
await start('db-backup');
