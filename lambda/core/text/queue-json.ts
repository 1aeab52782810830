/**
 * Writes JSON that SQS accepts. SQS refuses U+FFFE and U+FFFF, which JSON need not escape:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 *
 * @throws RangeError when the value nests too deeply
 */
export function writeQueueJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\uFFFE\uFFFF]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`);
}
