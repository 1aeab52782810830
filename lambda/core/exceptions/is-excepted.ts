import type { ScopedDetection } from "../incidents/common-scope.ts";
import { isCoveredUnnamed } from "../incidents/doubt.ts";
import { isOperator } from "../okta/operator.ts";
import { canonicalLogin } from "../okta/person.ts";
import { coversKinds, type ExceptionScope } from "./exception.ts";

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
  return (
    coversKinds(kinds, alert.kinds) && (detections?.includes(detection.id) ?? isCoveredUnnamed({ alert, detection }))
  );
}
