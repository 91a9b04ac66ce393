// Makes callbacks with Twilio's own library, genuine and forged in every way, and demands that call_sample.cpp judges each as
// Twilio's validateRequest does; and that what we say is the document Twilio's builder makes of the same words. Then it plants a
// wrong expectation of each kind, which must be noticed. Arguments: folder of the packages, the sample.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

const [packages, sample] = process.argv.slice(2);
const require = createRequire(packages + "/");
const twilio = require("twilio");
const { getExpectedTwilioSignature } = require("twilio/lib/webhooks/webhooks");

// The same cases in every run.
let state = 20261124;
const draw = (below) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below;
const pick = (list) => list[draw(list.length)];
const words = ["", "1", "CA0123", "+12025550123", "in-progress", "a b", "ä☎", "&=%+", "<x>", "'\"", "zz", "Digits"];
const keys = ["CallSid", "CallStatus", "Digits", "From", "To", "AnsweredBy", "a", "A", "ä", "SequenceNumber"];

const cases = [];
for (let i = 0; i < 300; ++i) {
  const token = pick(["12345", "token-ä", "0123456789abcdef"]);
  const port = pick(["", ":8443", ":443"]);
  const url = `https://r.example${port}/callbacks/twilio/acme/phone/dl_${draw(99)}/${pick(["script", "keys?read=al_1%3A1", "status"])}`;
  const params = {};
  for (let n = draw(6); n >= 0; --n) params[pick(keys)] = pick(words);
  let signature = getExpectedTwilioSignature(token, url, params);
  const sent = { ...params };
  let from = url;
  switch (draw(6)) {
    case 0: sent[pick(keys)] = "changed"; break;
    case 1: from += "x"; break;
    case 2: signature = signature.slice(0, -2); break;
    case 3: delete sent[Object.keys(sent)[0]]; break;
    default: break;
  }
  cases.push({ token, url: from, sent, signature, genuine: twilio.validateRequest(token, signature, from, sent) });
}
const form = (params) => Object.entries(params).map(([k, v]) => encodeURIComponent(k) + "=" + encodeURIComponent(v)).join("&");
const lines = cases.map((one) => [one.token, one.url, form(one.sent), one.signature].join("\t")).join("\n");
const judged = execFileSync(sample, [], { input: lines + "\n", encoding: "utf8" }).trim().split("\n");

const disagreements = (wanted) => judged.filter((verdict, i) => (verdict === "genuine") !== wanted[i]).length;
const wanted = cases.map((one) => one.genuine);

const response = new twilio.twiml.VoiceResponse();
const gather = response.gather({ input: "dtmf", numDigits: 1, timeout: 10, method: "POST", actionOnEmptyResult: true, action: "https://r.example/keys?read=a&b=1" });
for (const text of ["Ringdown for <Söhne & Co>.", 'There is a trunk down on instance "Kiel".', "Press 1 to acknowledge. Press 2 to call the next person. Press 3 to hear this again."])
  gather.say({ language: "en-US" }, text);
// Attributes in order, and quotes in text written alike.
const plain = (xml) => xml.replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/<(\w+)((?: [\w]+="[^"]*")*)/g, (_, tag, rest) => `<${tag} ${(rest.match(/ [\w]+="[^"]*"/g) ?? []).sort().join("")}`).trim();
const ours = plain(execFileSync(sample, ["speak"], { encoding: "utf8" }));
const theirs = plain(response.toString());

const genuine = wanted.filter(Boolean).length;
const faults = [];
if (judged.length !== cases.length) faults.push(`${judged.length} verdicts on ${cases.length} callbacks`);
if (disagreements(wanted) !== 0) faults.push(`${disagreements(wanted)} callbacks are judged otherwise than by Twilio's library`);
if (genuine < 50 || genuine > 280) faults.push(`only ${genuine} of ${cases.length} are genuine: nothing is shown`);
if (disagreements(wanted.map((one, i) => (i === 7 ? !one : one))) !== 1) faults.push("a planted wrong verdict was not noticed");
if (ours !== theirs) faults.push(`we say\n${ours}\nand Twilio's builder\n${theirs}`);
if (ours.replace("numDigits", "numDigit") === theirs) faults.push("a planted wrong attribute was not noticed");
for (const fault of faults) console.error("oracle: " + fault);
if (faults.length > 0) process.exit(1);
console.log(`oracle: twilio agrees on ${cases.length} callbacks (${genuine} genuine) and on what is said`);
