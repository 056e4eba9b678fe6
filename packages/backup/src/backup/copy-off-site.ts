import { manifestName } from '@delivery/core/domain/backup/name';
import { InputError } from '@delivery/core/errors/errors';
import { Fault } from '../faults.ts';
import { sendOffSite } from '../off-site/send.ts';
import type { BackingUp, End } from './backing-up.ts';

/**
 * The last step, also when nothing was due: what an earlier run could not send is still to be sent. A copy that fails is red, though
 * the backups stay. `end` is how it ends otherwise.
 */
export async function copyOffSite(work: BackingUp, end: End): Promise<End> {
  const { settings, steps, draft, ports } = work;
  const { offSite } = settings;
  if (!offSite) {
    draft.offSite = { state: 'none', said: 'no copy off site is asked for' };
    steps.leaveOut('off site', draft.offSite.said);
    return end;
  }
  const wanted = draft.inventory
    .filter(({ trouble }) => trouble === '')
    .flatMap(({ name, tiers }) => tiers.flatMap((tier) => [`${tier}/${name}`, `${tier}/${manifestName(name)}`]));
  try {
    const sent = await steps.run(
      'off site',
      async () => {
        if (offSite instanceof InputError) throw new Fault('off-site', offSite.message, { hint: variables });
        const prune = offSite.prune && settings.prunes;
        const sending = await sendOffSite({ ...offSite, prune }, settings.root, wanted, {
          signal: ports.signal,
          keep: settings.keep,
        });
        if (sending.state === 'failed') throw new Fault('off-site', sending.said, { hint: sending.next });
        return sending;
      },
      ({ said }) => said,
    );
    draft.offSite = { state: 'sent', said: sent.said };
    if (sent.alarm !== '') draft.alarms.push(sent.alarm);
    return { ...end, sentence: `${end.sentence}; copies are off site` };
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    draft.offSite = { state: 'failed', said: error.message };
    return {
      ...{ verdict: 'failed', cause: 'off-site', next: error.hint ?? '' },
      sentence: `${end.sentence}; but the copies off site failed: ${error.message}`,
    };
  }
}

const variables =
  'Set RSYNC_… in the CronJob (docs/backups.md), or say in delivery.yaml that there are no copies: offSite: false.';
