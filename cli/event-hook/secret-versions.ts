import { randomInt } from "node:crypto";
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { toError } from "../../lambda/core/values/error.ts";
import { InputError } from "../command.ts";
import { awsProxySettings } from "../proxy.ts";
import type { RotationPorts } from "./rotate.ts";

/** The versions of a secret in Secrets Manager. Each method rejects with an InputError that names the missing right. */
export function openSecretVersions(
  arn: string,
): Pick<RotationPorts, "versions" | "put" | "read" | "label"> & { readonly close: () => void } {
  const client = new SecretsManagerClient(awsProxySettings());
  const doing = async <Value>(what: string, call: Promise<Value>): Promise<Value> => {
    try {
      return await call;
    } catch (error) {
      throw new InputError(`the hook's secret ${arn} could not be ${what}: ${toError(error).message}`);
    }
  };
  return {
    async versions() {
      const { Versions = [] } = await doing(
        "looked at",
        client.send(new ListSecretVersionIdsCommand({ SecretId: arn })),
      );
      return Versions.map(({ VersionId = "", VersionStages = [] }) => ({ id: VersionId, stages: VersionStages }));
    },
    async put(secret) {
      await doing("changed", client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: secret })));
    },
    async read(versionId) {
      const { SecretString = "" } = await doing(
        "read",
        client.send(new GetSecretValueCommand({ SecretId: arn, VersionId: versionId })),
      );
      return SecretString;
    },
    async label(stage, from, to) {
      const command = new UpdateSecretVersionStageCommand({
        SecretId: arn,
        VersionStage: stage,
        ...(from === null ? {} : { RemoveFromVersionId: from }),
        ...(to === null ? {} : { MoveToVersionId: to }),
      });
      await doing("labelled", client.send(command));
    },
    close: () => client.destroy(),
  };
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A secret like the stack's: an HTTP header's value, hence letters and digits only. */
export function newSecret(): string {
  return Array.from({ length: 64 }, () => letters[randomInt(letters.length)]).join("");
}
