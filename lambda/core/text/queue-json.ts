/**
 * Writes JSON that SQS takes. U+FFFE and U+FFFF, which JSON need not escape, are none of the characters that it does:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 *
 * @throws RangeError when the value is nested too deeply
 */
export function writeQueueJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\uFFFE\uFFFF]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`);
}
