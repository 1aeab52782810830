import type { ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import type { ExceptionAdvice } from "../../lambda/core/incidents/common-scope.ts";

/** The scope of an exception as it would be made. */
export function advisedScope({ user, operator, asNumber, detection }: ExceptionAdvice): ExceptionScope {
  return {
    ...(user === null ? {} : { user }),
    ...(operator === null ? {} : { operator }),
    ...(asNumber === null ? {} : { asNumber }),
    ...(detection === null ? {} : { detections: [detection] }),
  };
}
