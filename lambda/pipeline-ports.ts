import { toMessage } from "./alerts/message.ts";
import { type ClientSettings, clientDefaults } from "./aws-client.ts";
import { createClaims } from "./claims/state-table.ts";
import type { PipelineConfig } from "./config.ts";
import { createDynamodb } from "./dynamodb/client.ts";
import { createSecretsProvider, secretsManagerVersions } from "./hook-secrets.ts";
import { createLookUp } from "./look-up.ts";
import type { Metrics } from "./metrics.ts";
import { toDeadLetters } from "./pipeline/dead-letter.ts";
import type { PipelinePorts } from "./pipeline/ports.ts";
import { writeWork } from "./pipeline/work.ts";
import { writeRefresh } from "./profiles/refresh.ts";
import { createQueue } from "./queue.ts";
import { adjustments } from "./severity/adjustments.ts";
import { compileAdjustments } from "./severity/compile-adjustments.ts";
import type { RuleSet } from "./sigma/rule-set.ts";
import { createStateKey, type GetStateKey, keyPatience } from "./state-key.ts";
import { createUserStates } from "./tables/user-states.ts";
import { createObserver } from "./telemetry.ts";
import { createTopic } from "./topic.ts";

/**
 * The key that logins are hashed with, of a function that nothing waits for. It is asked for at once, so that it is there with the
 * first event; what fails here fails where it is needed.
 */
export function startStateKey(config: PipelineConfig): GetStateKey {
  const getSecrets = createSecretsProvider();
  const versionsOf = (arn: string) => secretsManagerVersions(arn, getSecrets);
  const getStateKey = createStateKey(config.stateKey, versionsOf, keyPatience.waiting, () => performance.now());
  void Promise.allSettled([getStateKey()]);
  return getStateKey;
}

/**
 * The pipeline's ports onto AWS, for every function that works on events. Clients are made when first needed.
 *
 * @param getStateKey the key that logins are hashed with
 * @param clients how they are set up. @default for a function that is waited for
 */
export async function createPipelinePorts(
  config: PipelineConfig,
  rules: RuleSet,
  metrics: Metrics,
  getStateKey: GetStateKey,
  clients: ClientSettings = clientDefaults,
): Promise<PipelinePorts> {
  const { refreshQueueUrl } = config;
  const sendRefreshes = refreshQueueUrl === null ? null : createQueue(refreshQueueUrl, { settings: clients });
  const sendDeadLetters = createQueue(config.deadLetterQueueUrl, { settings: clients });
  const sendWork = createQueue(config.retryQueueUrl, { settings: clients });
  const getDynamodb = createDynamodb(clients);
  const publish = createTopic(config.alertTopicArn, { settings: clients });
  return {
    rules,
    severityAdjustments: await compileAdjustments(adjustments),
    lookUp: createLookUp(config.profileTable, config.stateTable, getStateKey, getDynamodb),
    claims: createClaims(config.stateTable, getDynamodb),
    userStates: createUserStates(config.stateTable, getStateKey, getDynamodb),
    publish: (alert, signal) => publish(toMessage(alert), signal),
    parkWork: (work, signal) =>
      sendWork(
        work.map((each) => ({ body: writeWork(each.work, new Date()), delaySeconds: each.delaySeconds })),
        signal,
      ),
    deadLetterWork: (work, reason, signal) => sendDeadLetters([{ body: writeWork(work, new Date(), reason) }], signal),
    parkMalformed: (events, delivery, signal) =>
      sendDeadLetters(
        toDeadLetters(events, delivery, new Date()).map((body) => ({ body })),
        signal,
      ),
    refreshProfiles:
      sendRefreshes &&
      ((users, signal) =>
        sendRefreshes(
          users.map((user) => ({ body: writeRefresh(user) })),
          signal,
        )),
    mismatchDistanceKm: config.mismatchDistanceKm,
    loginDomains: config.loginDomains,
    suppressMinutes: config.suppressMinutes,
    now: () => new Date(),
    observe: createObserver(metrics),
    measure: metrics.measure,
  };
}
