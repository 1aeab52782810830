/** What Okta says about a request, and what to do about it. */
export interface Diagnosis {
  /** The row of the table of causes, for example `missingScope`. */
  readonly cause: string;
  /** What is at fault, for example `client`. */
  readonly step: string;
  /** What to do, with the page and the click in the admin console where there is one. */
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
   * The status of Okta's answer to the request itself; null when the request did not get that far: Okta gave no access token,
   * refused the proof of possession, or was not asked.
   */
  readonly status: number | null;
  /** What OAuth calls the error, for example `invalid_scope`; null where it is none of OAuth. */
  readonly code: string | null;
  /** Null when the cause is not known. */
  readonly diagnosis: Diagnosis | null;
  /** What happened; the message says what to do as well. */
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

/** Okta failed, or could not be reached, after every try: later it may work. */
export class OktaFailure extends Error {
  override readonly name = "OktaFailure";
  /** Null when the cause is not known. */
  readonly diagnosis: Diagnosis | null;
  /** What happened; the message says what to do as well. */
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
