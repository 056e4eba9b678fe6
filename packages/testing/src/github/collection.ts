import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Records of one kind in a JSON file; ids count from 1. */
export class Collection<T extends { readonly id: number }> {
  readonly #file: string;
  readonly #records: T[];

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    this.#records = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T[]) : [];
  }

  add(record: Omit<T, 'id'>): T {
    const added = { id: this.#records.length + 1, ...record } as T;
    this.#records.push(added);
    this.#save();
    return added;
  }

  replace(record: T): void {
    this.#records[record.id - 1] = record;
    this.#save();
  }

  get(id: number): T | undefined {
    return this.#records[id - 1];
  }

  /** Newest first, as GitHub lists. */
  newest(wanted: (record: T) => boolean): T[] {
    return this.#records.filter(wanted).reverse();
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#records, null, 2)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
