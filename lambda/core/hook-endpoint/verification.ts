/** The header in which Okta sends the challenge of its one-time verification. */
export const challengeHeader = "x-okta-verification-challenge";

/** The answer to Okta's one-time verification of an event hook: the challenge, sent back as JSON. */
export function answerVerification(challenge: string): { readonly verification: string } {
  return { verification: challenge };
}
