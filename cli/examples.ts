/** An example of a command: what is typed after `npx okta-proxy-watch`, and what it is for. */
export type Example = readonly [line: string, what: string];

/** Examples for the help of every command and subcommand, by its words. A test parses each line. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  "": [
    ["start", "an alert on this machine, within a minute"],
    ["backtest --events system-log-export.jsonl.gz", "what would have alerted last month"],
    ["help hook", "the options of a command"],
  ],
  start: [
    ["start", "on port 3000"],
    ["start --port 0", "on a free port"],
    ["start --chaos sns", "with SNS down"],
  ],
  rules: [
    ["rules", "every detection, and the event types that the hook needs"],
    ["rules --rules drafts", "the detections of another folder"],
    ["rules --packs admin,mfa --json", "for a program, with two packs on"],
  ],
  "rules test": [
    ["rules test", "the cases of all detections"],
    ["rules test detections/admin_role_granted.yml --junit results.xml", "those of one, for a CI system"],
  ],
  "rules coverage": [
    ["rules coverage", "what the deployed detections cover"],
    ["rules coverage --org https://example.okta.com", "and which event types the org's hook lacks"],
  ],
  "rules import": [["rules import --okta filter.txt > detections/imported.yml", "an expression of Okta's System Log"]],
  "rules new": [["rules new admin_role_granted --from event.json", "a detection of such events, to go on from"]],
  backtest: [
    ["backtest --events examples/sample-log/system-log.jsonl.gz", "a sample of invented people, to begin with"],
    ["backtest --events system-log-export.jsonl.gz", "an export, whole or from a SIEM"],
    ["backtest --okta https://example.okta.com --since 30d", "the org's System Log itself"],
    ["backtest --events last-month.jsonl --rules drafts --explain", "what drafts match, and by which values"],
    [
      "backtest --events last-month.jsonl --profiles profiles.csv --alerts alerts.jsonl",
      "the alerts that would have gone out",
    ],
    ["backtest --events last-month.jsonl --profiles profiles.csv --report report.html", "a report, as a page"],
  ],
  report: [
    ["report --since 30d", "of the deployed stack"],
    ["report --okta https://example.okta.com --since 30d --anonymize", "of the System Log, to show to others"],
    ["report --local", "of the embedded run"],
  ],
  deploy: [
    ["deploy --dry-run", "what a deployment would change"],
    ["deploy", "deploy, and be asked where something would be lost"],
    ["deploy --settings europe.yml --yes", "another stack, without questions"],
    ["deploy --yes -- --rollback false", "with an option of cdk deploy"],
  ],
  hook: [
    ["hook setup --org https://example.okta.com", "first: what the commands ask Okta with"],
    ["hook register --org https://example.okta.com", "then: the event hook itself"],
    ["hook status", "whether all is well"],
  ],
  "hook setup": [
    ["hook setup --org https://example.okta.com --dry-run", "what it would make"],
    ["hook setup --org https://example.okta.com", "make it, by the token of a Super Administrator"],
  ],
  "hook register": [
    ["hook register --org https://example.okta.com --dry-run", "the requests to Okta alone"],
    ["hook register --org https://example.okta.com", "create the hook, or bring it up to date"],
  ],
  "hook status": [
    ["hook status", "the hook of the deployed stack"],
    ["hook status --json", "each check as a JSON line"],
  ],
  "hook repair": [
    ["hook repair", "what status asks for"],
    ["hook repair --remove-filter", "and remove a filter of the hook"],
  ],
  "hook rotate-secret": [["hook rotate-secret", "a new secret for Okta and the functions"]],
  "hook terraform": [["hook terraform > event-hook.tf", "the hook as Terraform has it"]],
  "hook doctor": [
    ["hook doctor --org https://example.okta.com", "which step of asking Okta fails"],
    ["hook doctor --json", "each step as a JSON line"],
  ],
  "send-test-alert": [
    ["send-test-alert", "through the deployed stack"],
    ["send-test-alert --local", "through the embedded run"],
    ["send-test-alert --timeout 60", "wait a minute for the alert"],
    ["send-test-alert --preview previews", "write previews/alerts.html: alerts in every form, without AWS"],
  ],
  profiles: [
    ["profiles template > profiles.csv", "a file to fill in"],
    ["profiles import profiles.csv --dry-run", "what an import would change"],
    ["profiles judge ada@example.com --city Toronto --country CA", "what the detection says of a place"],
  ],
  "profiles import": [
    ["profiles import profiles.csv --dry-run", "what would change"],
    ["profiles import profiles.csv", "load it"],
  ],
  "profiles show": [
    ["profiles show ada@example.com", "by login"],
    ["profiles show 00u1lisbon --json", "by Okta's user id, for a program"],
  ],
  "profiles list": [
    ["profiles list", "everyone"],
    ["profiles list --json", "for a program"],
  ],
  "profiles export": [["profiles export > profiles.csv", "all locations, as import reads them"]],
  "profiles delete": [["profiles delete ada@example.com", "all that is stored of a person"]],
  "profiles travel": [
    ["profiles travel ada@example.com --city Tokyo --country JP --until 2027-01-15", "until the end of a day"],
    ["profiles travel ada@example.com --country JP --until 14d", "for two weeks"],
  ],
  "profiles judge": [
    ["profiles judge ada@example.com --city Toronto --country CA", "a place"],
    ["profiles judge --event event.json", "the place of an event"],
  ],
  "profiles sync": [
    ["profiles sync --okta-url https://example.okta.com", "what changed in Okta"],
    ["profiles sync --okta-url https://example.okta.com --full", "everyone"],
  ],
  "profiles template": [["profiles template > profiles.csv", "a file to fill in"]],
  incidents: [
    ["incidents list --open", "what waits for a verdict"],
    ["incidents show e955d218", "what came when, from where"],
    ["incidents score", "which detections to tune"],
  ],
  "incidents list": [
    ["incidents list --open", "those without a verdict"],
    ["incidents list --since 12h --json", "of this night, for a program"],
  ],
  "incidents show": [["incidents show e955d218", "by the beginning of its id"]],
  "incidents close": [
    ['incidents close e955d218 --verdict benign --note "on holiday in Canada"', "it was harmless"],
    ['incidents close e955d218 --verdict true-positive --note "sessions cleared" --by grace', "it was an attack"],
  ],
  "incidents score": [["incidents score --since 90d", "alerts and verdicts by detection"]],
  exceptions: [
    ['exceptions add --cidr 192.0.2.0/24 --country PT --reason "web gateway" --until 60d', "a network, for a while"],
    ["exceptions list", "those that count now"],
    ["exceptions why 5c0f3a52-c9c5-11f1-9d3e-1f2a3b4c5d6e", "why an event was not alerted on"],
  ],
  "exceptions add": [
    ['exceptions add --user ada@example.com --operator NORD_VPN --reason "her VPN"', "one user's VPN, for 90 days"],
    ['exceptions add --cidr 192.0.2.0/24 --country PT --reason "web gateway" --until 2027-01-15', "a network"],
    ['exceptions add --asn 64500 --reason "branch office" --events last-month.jsonl', "counted in an export first"],
  ],
  "exceptions list": [
    ["exceptions list --ended", "those that have ended as well"],
    ["exceptions list --json > exceptions.jsonl", "for backtest --exceptions"],
  ],
  "exceptions remove": [["exceptions remove 1a2b3c4d", "by the id that list prints"]],
  "exceptions why": [
    ["exceptions why 5c0f3a52-c9c5-11f1-9d3e-1f2a3b4c5d6e", "what became of an event"],
    ["exceptions why event.json", "which exceptions would cover one"],
  ],
  "exceptions notify": [["exceptions notify", "the notice of exceptions that end soon, now"]],
  digest: [
    ["digest", "the last seven days"],
    ["digest --since 2026-11-16 --json", "since a day, for a program"],
    ["digest --since 14d --send", "and send it to the alert topic"],
  ],
  deadletters: [
    ["deadletters list", "what is there, and why"],
    ["deadletters redrive --all", "try all of it anew"],
  ],
  "deadletters list": [["deadletters list --json", "each as a JSON line, whole"]],
  "deadletters show": [["deadletters show 3f2a91c4-6d0e-4d0c-9c57-0a1b2c3d4e5f", "one, whole"]],
  "deadletters redrive": [
    ["deadletters redrive 3f2a91c4-6d0e-4d0c-9c57-0a1b2c3d4e5f", "one"],
    ["deadletters redrive --all", "all"],
  ],
  "deadletters discard": [["deadletters discard 3f2a91c4-6d0e-4d0c-9c57-0a1b2c3d4e5f", "one, for good"]],
  cost: [
    ["cost", "the tables, with today's sizes and times"],
    ["cost --check", "whether the documents have them"],
  ],
  "okta-ranges": [
    ["okta-ranges", "the cells that there are"],
    ["okta-ranges --cell us_cell_1 >> settings.yml", "the setting allowedCidrs of one"],
  ],
  destroy: [
    ["destroy --dry-run", "what would go, and what stays"],
    ["destroy", "remove the stack, once its name is typed"],
  ],
  completion: [
    ["completion bash > ~/.okta-proxy-watch.bash", "then, in ~/.bashrc: source ~/.okta-proxy-watch.bash"],
    ["completion zsh > ~/.okta-proxy-watch.zsh", "then, in ~/.zshrc behind compinit: source ~/.okta-proxy-watch.zsh"],
    ["completion fish > ~/.config/fish/conf.d/okta-proxy-watch.fish", "which fish reads by itself"],
  ],
};
