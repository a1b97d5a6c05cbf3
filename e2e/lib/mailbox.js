// A mail server that takes every mail and gives none on, or refuses them all.
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Listens on this machine until the test ends: `{ port, mails, refuses }`, where `mails` has what was sent, as it was written. No mail is taken while
 * `refuses` is true.
 */
export async function mailbox(test) {
  const box = { mails: [], refuses: false };
  const server = createServer((socket) => converse(socket, box)).listen(0, "127.0.0.1");
  test.after(() => server.close());
  await once(server, "listening");
  box.port = server.address().port;
  return box;
}

function converse(socket, box) {
  let text = "";
  let mail;
  const say = (line) => socket.write(`${line}\r\n`);
  say("220 mail.example.com");
  socket.setEncoding("utf8").on("data", (part) => {
    const lines = (text + part).split("\r\n");
    text = lines.pop();
    for (const line of lines) {
      if (mail && line === ".") {
        box.mails.push(mail.join("\n"));
        mail = undefined;
        say("250 taken");
      } else if (mail) mail.push(line);
      else if (box.refuses && line.startsWith("RCPT")) say("550 nobody of that name");
      else if (line === "DATA") {
        mail = [];
        say("354 go on");
      } else if (line === "QUIT") socket.end("221 bye\r\n");
      else say("250 fine");
    }
  });
  socket.on("error", () => {}); // who goes without a word
}

/** A mail as it was sent. */
export class Mail {
  #headers;

  constructor(text) {
    this.text = text;
    const [head] = text.split("\n\n");
    this.#headers = head.replace(/\n[ \t]+/g, " ").split("\n");
  }

  /** The value of a header; `undefined` when there is none. */
  header(name) {
    const start = `${name.toLowerCase()}:`;
    const line = this.#headers.find((header) => header.toLowerCase().startsWith(start));
    return line?.slice(start.length).trim();
  }
}
