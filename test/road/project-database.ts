import type { StackProject } from './stack-project.ts';

/** The database of a project, by way of its pod: the host does not see it. */
export class ProjectDatabase {
  readonly #project: Pick<StackProject, 'kubectl' | 'namespace'>;

  constructor(project: Pick<StackProject, 'kubectl' | 'namespace'>) {
    this.#project = project;
  }

  /** Runs SQL as root in the project's database and gives what it prints, without names of columns. The password stays in the pod. */
  async sql(text: string): Promise<string> {
    const { kubectl, namespace } = this.#project;
    const client = 'MYSQL_PWD=$MYSQL_ROOT_PASSWORD exec mariadb -uroot -h127.0.0.1 -N -B "$MYSQL_DATABASE"';
    const answer = await kubectl.run(['-n', namespace, 'exec', '-i', 'mysql-0', '--', 'sh', '-c', client], text);
    return answer.trim();
  }

  /** Name of a table to its CHECKSUM TABLE. */
  async checksums(): Promise<Record<string, string>> {
    const names = (await this.sql('SHOW TABLES')).split('\n');
    const lines = (await this.sql(`CHECKSUM TABLE ${names.map((name) => `\`${name}\``).join(', ')}`)).split('\n');
    return Object.fromEntries(lines.map((line) => line.split('\t') as [string, string]));
  }
}
