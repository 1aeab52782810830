import type { ExceptionAdvice } from "../incidents/common-scope.ts";
import type { ExceptionScope } from "./exception.ts";

/** The scope of an exception as it would be made. */
export function advisedScope({ user, operator, asNumber, detection }: ExceptionAdvice): ExceptionScope {
  return {
    ...(user === null ? {} : { user }),
    ...(operator === null ? {} : { operator }),
    ...(asNumber === null ? {} : { asNumber }),
    ...(detection === null ? {} : { detections: [detection] }),
  };
}
