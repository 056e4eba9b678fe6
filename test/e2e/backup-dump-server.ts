import { randomBytes } from 'node:crypto';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { richDatabase } from '@delivery/testing/rich-database';
import { BackupScene } from './backup-dump-program.ts';

/** What the account of a backup needs: docs/backups.md. */
export const privileges = 'SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE, RELOAD, PROCESS';

/** A MariaDB of the tests with a database `stack` of about `megabytes`, whose last table is `zz_last`, and a volume to back it up to. */
export async function startScene(megabytes: number): Promise<{ server: DatabaseServer; scene: BackupScene }> {
  const server = await startServer('mariadb-10.11');
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  await server.run(
    `CREATE DATABASE stack CHARACTER SET utf8mb4;
     CREATE USER backup@'127.0.0.1' IDENTIFIED BY '${canary}';
     GRANT ${privileges} ON *.* TO backup@'127.0.0.1';`,
  );
  const delimiter = '\u0001';
  const statements = [...richDatabase({ product: 'MariaDB', megabytes })].join(`${delimiter}\n`);
  await server.run(`DELIMITER ${delimiter}\n${statements}${delimiter}\nDELIMITER ;\n`, 'stack');
  await server.run(
    'CREATE TABLE zz_last (id INT PRIMARY KEY, a INT) ENGINE=InnoDB; INSERT INTO zz_last VALUES (1, 2)',
    'stack',
  );
  const scene = new BackupScene({
    ...{ MSHOST: server.host, MSPORT: String(server.port), MSUSER: 'backup', MSPASS: canary, MSDATABASE: 'stack' },
  });
  return { server, scene };
}
