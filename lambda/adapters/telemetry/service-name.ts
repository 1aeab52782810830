/** The service name of metrics and log lines: in the stack, its name. */
export const serviceName = process.env.POWERTOOLS_SERVICE_NAME || "okta-proxy-watch";
