import { randomInt } from "node:crypto";
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import type { RotationPorts } from "./rotate.ts";

/** The versions of a secret in Secrets Manager. */
export function openSecretVersions(
  arn: string,
): Pick<RotationPorts, "versions" | "put" | "read" | "label"> & { readonly close: () => void } {
  const client = new SecretsManagerClient({});
  return {
    async versions() {
      const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId: arn }));
      return Versions.map(({ VersionId = "", VersionStages = [] }) => ({ id: VersionId, stages: VersionStages }));
    },
    async put(secret) {
      await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: secret }));
    },
    async read(versionId) {
      const { SecretString = "" } = await client.send(
        new GetSecretValueCommand({ SecretId: arn, VersionId: versionId }),
      );
      return SecretString;
    },
    async label(stage, from, to) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: stage,
          ...(from === null ? {} : { RemoveFromVersionId: from }),
          ...(to === null ? {} : { MoveToVersionId: to }),
        }),
      );
    },
    close: () => client.destroy(),
  };
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A secret as the stack makes them: it becomes an HTTP header's value, hence letters and digits only. */
export function newSecret(): string {
  return Array.from({ length: 64 }, () => letters[randomInt(letters.length)]).join("");
}
