import { chooseCorrelated } from "../../lambda/core/detections/choose-correlated.ts";
import { findEventType, whyRefusable } from "../../lambda/core/okta/event-types.ts";
import { refreshingEventTypes } from "../../lambda/core/profiles/refresh.ts";
import { logFilter } from "../../lambda/core/reconciliation/log-filter.ts";
import { InputError } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import { contentsOf, readDeployedDetections } from "../detections-folder.ts";

/** The event types that a deployment needs. */
export interface NeededEventTypes {
  /** The hook's subscriptions: the event types of detections, and those that change profile locations. */
  readonly subscribed: readonly string[];
  /** Event types that Okta may refuse: its catalog does not have them, or has them in beta. */
  readonly uncertain: readonly string[];
  /** Event types of detections that Okta delivers to no hook: only reconciliation finds them. */
  readonly logOnly: readonly string[];
  /** Whether a detection names no event type, so that no subscription suffices for it. */
  readonly anyType: boolean;
  /** Reconciliation's filter of the System Log: see `logFilter`. */
  readonly logFilter: string | null;
}

/** Okta's limit for one hook. */
const maximumEventTypes = 300;

/**
 * The event types that the deployed detections need, and where profiles come from Okta, those that change them.
 *
 * @throws InputError when there are more than Okta allows, or the detections cannot be read
 */
export async function neededEventTypes({
  experimentalDetections: experimental,
  packs,
  bringsProfiles,
}: Pick<Deployment, "experimentalDetections" | "packs" | "bringsProfiles">): Promise<NeededEventTypes> {
  const { evaluated } = chooseCorrelated(contentsOf(await readDeployedDetections()), { experimental, packs });
  const { expression, eventTypes } = logFilter(evaluated);
  const named = eventTypes.map(findEventType);
  const refreshing = bringsProfiles ? [...refreshingEventTypes].map(findEventType) : [];
  const deliverable = [...named, ...refreshing].filter(({ hookEligible }) => hookEligible !== false);
  const subscribed = new Set(deliverable.map(({ name }) => name));
  if (subscribed.size > maximumEventTypes) {
    throw new InputError(
      `the detections need ${subscribed.size} event types, and Okta takes ${maximumEventTypes} for a hook: switch some off`,
    );
  }
  return {
    subscribed: [...subscribed].sort(),
    uncertain: deliverable.filter((type) => whyRefusable(type) !== null).map(({ name }) => name),
    logOnly: named.filter(({ hookEligible }) => hookEligible === false).map(({ name }) => name),
    anyType: expression === null,
    logFilter: expression,
  };
}
