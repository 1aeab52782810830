import type { ScopedDetection } from "../incidents/common-scope.ts";
import { sessionStart } from "../okta/log-event.ts";
import { isOperator } from "../okta/operator.ts";
import { canonicalLogin } from "../okta/person.ts";
import { type ExceptionScope, worstKinds } from "./exception.ts";

/**
 * Whether an exception covers what an alert, as incidents keep it, says by a detection. Incidents keep no address and no country: a scope
 * that names one covers none.
 */
export function isExcepted(scope: ExceptionScope, { alert, user: person, detection }: ScopedDetection): boolean {
  const { user, operator, asNumber, cidr, countryCode, kinds, detections } = scope;
  if (cidr !== undefined || countryCode !== undefined) return false;
  if (user !== undefined && user !== person?.id && user !== (person?.login && canonicalLogin(person.login)))
    return false;
  if (operator !== undefined && (alert.operator === null || !isOperator(alert.operator, operator))) return false;
  if (asNumber !== undefined && asNumber !== alert.asNumber) return false;
  const named: readonly string[] | undefined = kinds;
  const worst: readonly string[] = worstKinds;
  const isOfKind =
    named === undefined
      ? !alert.kinds.some((kind) => worst.includes(kind))
      : alert.kinds.length > 0 && alert.kinds.every((kind) => named.includes(kind));
  const isPlain = alert.eventType === sessionStart && detection.correlation !== true;
  return isOfKind && (detections?.includes(detection.id) ?? isPlain);
}
