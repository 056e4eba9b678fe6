import { oneLine } from '@delivery/core/domain/printable';
import type { Step } from '@delivery/core/domain/backup/report';
import { messageOf } from './faults.ts';
import type { Ports } from './ports.ts';

/** Does the work step by step, tells people of each, and keeps what the report says of them. */
export class Steps {
  readonly #ports: Ports;
  readonly #list: Step[] = [];

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get list(): readonly Step[] {
    return this.#list;
  }

  /** Runs one step. `said` makes its sentence from what it gives; what it throws is noted and thrown on. */
  async run<T>(name: string, act: () => Promise<T>, said: (result: T) => string): Promise<T> {
    const start = this.#ports.clock.now().getTime();
    const seconds = () => Math.max(0, this.#ports.clock.now().getTime() - start) / 1000;
    try {
      const result = await act();
      this.#add({ name, state: 'done', seconds: seconds(), said: said(result) });
      return result;
    } catch (error) {
      this.#add({ name, state: 'failed', seconds: seconds(), said: messageOf(error) });
      throw error;
    }
  }

  leaveOut(name: string, said: string): void {
    this.#add({ name, state: 'left-out', seconds: 0, said });
  }

  #add(step: Step): void {
    const said = oneLine(step.said, 1_000);
    this.#list.push({ ...step, said });
    const took = step.state === 'left-out' ? '' : ` (${step.seconds.toFixed(1)} s)`;
    this.#ports.say(`${step.name}: ${step.state === 'failed' ? 'FAILED: ' : ''}${said}${took}`);
  }
}
