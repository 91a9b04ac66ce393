// Sends the requests ringdown makes (standard input, see autotask_sample.cpp) to a mock that validates each against a
// published description of the API, and then a few that are wrong, which it must refuse: a description can be such that
// it lets everything through.
// Arguments: the folder of node_modules, the description.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const [packages, description] = process.argv.slice(2);
const requests = readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
let failures = 0;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The description knows no base path; the zone is asked for at a host of its own.
function pathOf(url) {
  const { pathname, search } = new URL(url);
  if (pathname.toLowerCase().endsWith("/zoneinformation")) return "/V1.0/ZoneInformation" + search;
  return pathname.replace("/ATServicesRest", "") + search;
}

// Why the mock refuses a request; empty when it takes it.
async function refusal(base, { method, url, headers, body }) {
  const answer = await fetch(base + pathOf(url), { method, headers, body: body === "" ? undefined : body, redirect: "manual" });
  const text = await answer.text();
  const violations = answer.headers.get("sl-violations");
  if (violations) return violations;
  return answer.status < 400 ? "" : `HTTP ${answer.status} ${text.slice(0, 300)}`;
}

async function started(base, mock) {
  for (let looks = 0; looks < 600; looks += 1) {
    if (mock.exitCode !== null) return false;
    try {
      await fetch(base + "/VersionInformation");
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return false;
}

function planted() {
  const create = requests.find((one) => one.method === "POST" && one.url.endsWith("/V1.0/Tickets"));
  const search = requests.find((one) => one.url.endsWith("/V1.0/Tickets/query"));
  const changed = (one, change) => ({ ...one, body: JSON.stringify({ ...JSON.parse(one.body), ...change }) });
  const { Secret: _, ...without } = create.headers;
  return [
    ["a status in words", changed(create, { status: "New" })],
    ["an operator that there is not", changed(search, { filter: [{ op: "startsWith", field: "externalID", value: "rd-" }] })],
    ["a search for nothing", changed(search, { filter: undefined })],
    ["no secret", { ...create, headers: without }],
  ];
}

const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const mock = spawn(process.execPath, [`${packages}/node_modules/@stoplight/prism-cli/dist/index.js`, "mock", "-h", "127.0.0.1", "-p", String(port), "--errors", description],
  { stdio: "ignore" });
try {
  if (!(await started(base, mock))) throw new Error("the mock did not start");
  for (const one of requests) {
    const why = await refusal(base, one);
    if (why === "") continue;
    failures += 1;
    console.log(`contract: FAILED: ${one.name}: ${one.method} ${one.url}: ${why}`);
  }
  for (const [what, one] of planted()) {
    if ((await refusal(base, one)) !== "") continue;
    failures += 1;
    console.log(`contract: FAILED: ${what} was taken`);
  }
} finally {
  mock.kill();
}
console.log(failures === 0 ? `contract: the description takes our ${requests.length} requests and refuses the planted ones` : `contract: ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
