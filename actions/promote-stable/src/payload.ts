import { booleanKey, callPayload, textKey } from '@delivery/core/action/call-payload';
import { parsePromotionSelector, promotionSelectorForm } from '@delivery/core/domain/build-selector';
import { parseRequestId, requestIdForm } from '@delivery/core/domain/request-id';
import { parseVersion, versionForm } from '@delivery/core/domain/version';

export const maxReason = 500;

/** What a call of type `promote-image` may say. It cannot wave aside what protects production, only ask for more: that needs the form. */
export const payload = callPayload({
  image: textKey('a name of delivery.yaml', (text) => (/^[\w.-]{1,63}$/.test(text) ? text : undefined)),
  build: textKey(promotionSelectorForm, parsePromotionSelector),
  version: textKey(versionForm, parseVersion),
  reason: textKey(`a text of at most ${maxReason} characters`, (text) => (text.length <= maxReason ? text : undefined)),
  'dry-run': booleanKey,
  'backup-first': { expected: 'true', parse: (value) => (value === true ? value : undefined) },
  'request-id': textKey(requestIdForm, parseRequestId),
});
