import { type ClientSettings, clientDefaults } from "../../adapters/aws/client.ts";
import { createDynamodb } from "../../adapters/aws/dynamodb/client.ts";
import { createSecretsProvider, secretsManagerVersions } from "../../adapters/aws/hook-secrets.ts";
import { createQueue } from "../../adapters/aws/queue.ts";
import { createStateKey, type GetStateKey, keyPatience } from "../../adapters/aws/state-key.ts";
import { createTopic } from "../../adapters/aws/topic.ts";
import { createClaims } from "../../adapters/tables/claims.ts";
import { createLookUp } from "../../adapters/tables/look-up.ts";
import { createUserStates } from "../../adapters/tables/user-states.ts";
import { createObserver } from "../../adapters/telemetry/log-observations.ts";
import type { Metrics } from "../../adapters/telemetry/metrics.ts";
import { toMessage } from "../../core/alerts/message.ts";
import { toDeadLetters } from "../../core/pipeline/dead-letter.ts";
import type { PipelinePorts } from "../../core/pipeline/ports.ts";
import { writeWork } from "../../core/pipeline/work.ts";
import { writeRefresh } from "../../core/profiles/refresh.ts";
import { adjustments } from "../../core/severity/adjustments.ts";
import { compileAdjustments } from "../../core/severity/compile-adjustments.ts";
import type { RuleSet } from "../../core/sigma/rule-set.ts";
import type { PipelineConfig } from "../config/config.ts";

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
