/*
 * The limits of the services that carry messages, in bytes, messages and seconds:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html and
 * https://docs.aws.amazon.com/general/latest/gr/sns.html
 */

/** An SQS message, and all messages of a batch together: 1 MiB. */
export const queueMessageBytes = 1_048_576;

/** An SNS message with its subject and attributes, and all messages of a batch together: 256 KiB. */
export const topicMessageBytes = 262_144;

/** The JSON body of a notice: the bodies for people beside it take far less than the other half. */
export const topicBodyBytes = topicMessageBytes / 2;

/** The messages of a batch, of SQS and SNS alike. */
export const batchMessages = 10;
