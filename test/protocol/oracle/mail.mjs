// Takes one mail from our client (mail_sample.cpp) with npm's smtp-server over STARTTLS and AUTH, reads it with mailparser,
// and compares with what the sample says a mailbox must show. Then it plants a wrong expectation of each kind, which must be
// noticed. Arguments: folder of the packages, the sample, folder with server.crt, server.key and ca.crt.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, sample, folder] = process.argv.slice(2);
const require = createRequire(packages + "/");
const { SMTPServer } = require("smtp-server");
const { simpleParser } = require("mailparser");

const seen = { raw: null, secure: false, user: null };
const server = new SMTPServer({
  key: readFileSync(folder + "/server.key"),
  cert: readFileSync(folder + "/server.crt"),
  onAuth(login, session, done) {
    seen.secure = session.secure;
    seen.user = login.username;
    done(null, { user: login.username });
  },
  onData(stream, session, done) {
    const parts = [];
    seen.to = session.envelope.rcptTo.map((one) => one.address).join();
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      seen.raw = Buffer.concat(parts);
      done();
    });
  },
});

function differences(mail, wanted) {
  const pairs = {
    code: [250, wanted.code],
    subject: [mail.subject, wanted.subject],
    text: [mail.text.replace(/\r\n/g, "\n"), wanted.text],
    message_id: [mail.messageId, wanted.message_id],
    references: [[mail.references].flat().join(" "), wanted.references],
    in_reply_to: [mail.inReplyTo, wanted.references],
    from: [mail.from.value[0].address, wanted.from],
    to: [mail.to.value[0].address, wanted.to],
    envelope: [seen.to, wanted.to],
    auto_submitted: [mail.headers.get("auto-submitted"), "auto-generated"],
    importance: [mail.headers.get("priority"), "high"],
  };
  return Object.entries(pairs).filter(([, [got, want]]) => got !== want);
}

function check(failed, wanted, mail) {
  for (const [what, [got, want]] of differences(mail, wanted)) {
    failed.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
  }
  if (!seen.secure || seen.user !== "ringdown") failed.push("the login did not come over TLS");
  for (const key of Object.keys(wanted)) {
    const planted = { ...wanted, [key]: typeof wanted[key] === "number" ? 451 : wanted[key] + "x" };
    if (differences(mail, planted).length === 0) failed.push(`a planted wrong ${key} was not noticed`);
  }
}

server.listen(0, "127.0.0.1", () => {
  const port = String(server.server.address().port);
  execFile(sample, [port, folder + "/ca.crt"], async (error, out, complaints) => {
    const failed = [];
    if (error || seen.raw === null) failed.push(`no mail came: ${complaints.trim() || error}`);
    else check(failed, JSON.parse(out), await simpleParser(seen.raw));
    for (const what of failed) console.log(`oracle: FAILED: ${what}`);
    if (failed.length === 0) console.log("oracle: smtp-server takes our mail, and mailparser reads what was meant");
    server.close(() => process.exit(failed.length === 0 ? 0 : 1));
  });
});
