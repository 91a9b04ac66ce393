// Reads one signed webhook (see wire_sample.cpp) from standard input and has two independent libraries verify it: with
// the current secret, with the previous one, and not with a third or after a change of the body.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const { Webhook: Standard } = require("standardwebhooks");
const { Webhook: Svix } = require("svix");

const sample = JSON.parse(readFileSync(0, "utf8"));
const stranger = "whsec_" + Buffer.from("a secret nobody has ever agreed on").toString("base64");

function accepts(Library, secret, body, headers) {
  try {
    new Library(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

let failures = 0;
function expect(what, got, wanted) {
  if (got === wanted) return;
  failures += 1;
  console.log(`oracle: FAILED: ${what}: ${got ? "accepted" : "refused"}`);
}

for (const [name, Library] of [["standardwebhooks", Standard], ["svix", Svix]]) {
  const { body, headers, secret, previous_secret: previous } = sample;
  expect(`${name}, current secret`, accepts(Library, secret, body, headers), true);
  expect(`${name}, previous secret`, accepts(Library, previous, body, headers), true);
  expect(`${name}, another secret`, accepts(Library, stranger, body, headers), false);
  expect(`${name}, changed body`, accepts(Library, secret, body + " ", headers), false);
  expect(`${name}, changed id`, accepts(Library, secret, body, { ...headers, "webhook-id": "dl_other" }), false);
}
console.log(failures === 0 ? "oracle: standardwebhooks and svix accept our signatures" : `oracle: ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
