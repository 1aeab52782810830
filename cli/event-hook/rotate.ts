import { secretCacheSeconds } from "../../lambda/adapters/aws/hook-secrets.ts";

/** A version of the secret. */
export interface SecretVersion {
  readonly id: string;
  readonly stages: readonly string[];
}

/** The ports of a rotation. */
export interface RotationPorts {
  readonly versions: () => Promise<readonly SecretVersion[]>;
  /** Makes a new version the current one, and the one before it the previous. */
  readonly put: (secret: string) => Promise<void>;
  readonly read: (versionId: string) => Promise<string>;
  /** Moves a label between versions, or removes it. */
  readonly label: (stage: string, from: string | null, to: string | null) => Promise<void>;
  /** Sets a secret at Okta, and makes Okta verify the URL with it. */
  readonly setAtOkta: (secret: string) => Promise<void>;
  readonly wait: (seconds: number, why: string) => Promise<void>;
  readonly newSecret: () => string;
  readonly report: (text: string) => void;
}

/** The label of the version that Okta has, from which a stopped rotation resumes. */
export const oktaStage = "OKTA";
/** Seconds beyond the caches' time, as clocks differ a little. */
const marginSeconds = 10;
/** Okta tries a delivery again at most once, within seconds, with the secret that it had. */
const retrySeconds = 30;

/**
 * Rotates the hook's secret so that no delivery is refused: the functions learn the new one first, and accept both;
 * then Okta; then the old one is retired. A stopped rotation resumes when it runs again.
 */
export async function rotateSecret(ports: RotationPorts): Promise<void> {
  const { report, wait, label } = ports;
  let versions = await ports.versions();
  const holding = (stage: string) => versions.find(({ stages }) => stages.includes(stage)) ?? null;
  const before = holding("AWSCURRENT");
  if (before === null) throw new Error("the secret has no current version");
  const atOkta = holding(oktaStage);
  if (atOkta !== null && atOkta.id !== before.id) {
    report("a rotation was started and not finished: going on with it");
  } else {
    // Without the label, the secret was set by hand: Okta has the current version.
    if (atOkta === null) await label(oktaStage, null, before.id);
    await ports.put(ports.newSecret());
    report("new version in Secrets Manager: the functions accept it and the one before it");
    versions = await ports.versions();
  }
  const current = holding("AWSCURRENT");
  if (current === null) throw new Error("the secret has no current version");
  await wait(secretCacheSeconds + marginSeconds, "until every execution environment knows the new one");
  await ports.setAtOkta(await ports.read(current.id));
  await label(oktaStage, holding(oktaStage)?.id ?? null, current.id);
  report("Okta has the new secret, and verified the URL with it");
  await wait(retrySeconds, "for deliveries that Okta tries again with the old one");
  const previous = holding("AWSPREVIOUS");
  if (previous !== null) await label("AWSPREVIOUS", previous.id, null);
  report(`the old secret is retired: within ${secretCacheSeconds} seconds no function accepts it any more`);
}
