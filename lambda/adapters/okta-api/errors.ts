/** The diagnosis of a failed request. */
export interface Diagnosis {
  /** The row of the table of causes, for example `missingScope`. */
  readonly cause: string;
  /** The part at fault, for example `client`. */
  readonly step: string;
  /** The remedy, with the page and the click in the admin console where there is one. */
  readonly remedy: string;
}

/** A credential, an org's URL or attributes that cannot be used. The message never holds a secret. */
export class OktaSettingsError extends Error {
  override readonly name = "OktaSettingsError";
}

/** A request that Okta refuses: trying again does not help. */
export class OktaRefusal extends Error {
  override readonly name = "OktaRefusal";
  /**
   * The status of Okta's answer to the request itself; null where Okta did not answer the request itself: it gave no
   * access token, refused the proof of possession, or was not asked.
   */
  readonly status: number | null;
  /** OAuth's code of the error, for example `invalid_scope`; null for an error without one. */
  readonly code: string | null;
  /** Null when the cause is not known. */
  readonly diagnosis: Diagnosis | null;
  /** The failure; the message adds the remedy. */
  readonly finding: string;

  constructor(
    finding: string,
    status: number | null = null,
    code: string | null = null,
    diagnosis: Diagnosis | null = null,
  ) {
    super(withRemedy(finding, diagnosis));
    this.finding = finding;
    this.status = status;
    this.code = code;
    this.diagnosis = diagnosis;
  }
}

/** Okta failed, or could not be reached, at every try. A later try may succeed. */
export class OktaFailure extends Error {
  override readonly name = "OktaFailure";
  /** Null when the cause is not known. */
  readonly diagnosis: Diagnosis | null;
  /** The failure; the message adds the remedy. */
  readonly finding: string;

  constructor(finding: string, diagnosis: Diagnosis | null = null) {
    super(withRemedy(finding, diagnosis));
    this.finding = finding;
    this.diagnosis = diagnosis;
  }
}

function withRemedy(finding: string, diagnosis: Diagnosis | null): string {
  return diagnosis === null ? finding : `${finding.replace(/\.$/, "")}. To do: ${diagnosis.remedy}`;
}
