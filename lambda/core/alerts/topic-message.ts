/** A message as SNS takes it. */
export interface TopicMessage {
  /** Printable ASCII, under 100 characters. @default none */
  readonly subject?: string;
  /** The body; or, where `perProtocol`, JSON with a body for each protocol. */
  readonly message: string;
  /** @default false */
  readonly perProtocol?: boolean;
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
}

/**
 * Publishes a message. Rejects with {@link UnconfirmedPublishError} when the topic may have taken it, and with any other error
 * when it surely has not.
 */
export type PublishMessage = (message: TopicMessage, signal: AbortSignal) => Promise<void>;
