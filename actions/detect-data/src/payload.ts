import { booleanKey, callPayload, textKey } from '@delivery/core/action/call-payload';
import { dataNameForm, parseDataName } from '@delivery/core/domain/data-directory';
import { parseRequestId, requestIdForm } from '@delivery/core/domain/request-id';

/** What a call of type `data-uploaded` may say. */
export const payload = callPayload({
  'data-origin': textKey(dataNameForm, parseDataName),
  'request-id': textKey(requestIdForm, parseRequestId),
  force: booleanKey,
});
